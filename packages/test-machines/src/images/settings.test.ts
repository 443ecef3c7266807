import { expect, it } from 'vitest';
import { settingsOf } from './settings.ts';

it('reads the changes of docker import as the settings of an image', () => {
  const changes = ['ENV A=b c', 'ENV D=', 'CMD ["x","y z"]', 'ENTRYPOINT ["e"]', 'WORKDIR /w', 'EXPOSE 80', 'EXPOSE 81'];
  expect(settingsOf(changes)).toEqual({
    Env: ['A=b c', 'D='],
    Cmd: ['x', 'y z'],
    Entrypoint: ['e'],
    WorkingDir: '/w',
    ExposedPorts: { '80/tcp': {}, '81/tcp': {} },
  });
  expect(() => settingsOf(['STOPSIGNAL SIGQUIT'])).toThrow('STOPSIGNAL SIGQUIT');
});
