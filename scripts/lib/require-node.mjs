// Imported before anything else, so it uses nothing that an old Node lacks: an old Node must get a sentence, not a syntax error.
// oxlint-disable-next-line unicorn/prefer-node-protocol
import process from 'process';

const [major, minor] = process.versions.node.split('.').map(Number);
const supported = major > 20 || (major === 20 && minor >= 19);

if (!supported) {
  console.error('This needs Node 20.19 or newer; this is Node ' + process.versions.node + ' (' + process.execPath + ').');
  console.error('Get a current one from https://nodejs.org/en/download, or with a version manager: nvm install 22');
  process.exit(3);
}
