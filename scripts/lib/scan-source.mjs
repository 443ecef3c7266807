import ts from 'typescript';

/** `process.env`, `console`, `new Date()`… when this node is one of them. */
function impureUse(node) {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const text = `${node.expression.text}.${node.name.text}`;
    if (['process.env', 'process.exit', 'process.argv', 'process.stdin', 'Date.now', 'Math.random'].includes(text)) return text;
    if (node.expression.text === 'console') return 'console';
  }
  if (ts.isPropertyAccessExpression(node) && node.expression.getText() === 'globalThis.console') return 'console';
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date' && !node.arguments?.length)
    return 'new Date()';
  return undefined;
}

/** The module that this node imports, and how. */
function importOf(node) {
  const literal = (expression) => (expression && ts.isStringLiteralLike(expression) ? expression.text : undefined);
  if (ts.isImportDeclaration(node)) {
    const clause = node.importClause;
    const named = clause?.namedBindings && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : undefined;
    const onlyTypes =
      clause?.isTypeOnly || (named !== undefined && named.length > 0 && !clause.name && named.every(({ isTypeOnly }) => isTypeOnly));
    return { specifier: literal(node.moduleSpecifier), kind: onlyTypes ? 'type' : 'static' };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    const elements = node.exportClause && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : undefined;
    const onlyTypes = node.isTypeOnly || (elements !== undefined && elements.length > 0 && elements.every(({ isTypeOnly }) => isTypeOnly));
    return { specifier: literal(node.moduleSpecifier), kind: onlyTypes ? 'type' : 'static' };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return { specifier: literal(node.argument.literal), kind: 'type' };
  if (ts.isCallExpression(node)) {
    const callee = node.expression;
    const resolves =
      ts.isPropertyAccessExpression(callee) &&
      ['resolve', 'require'].includes(callee.name.text) &&
      /^(import\.meta|require)/.test(callee.getText());
    if (callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require') || resolves) {
      return { specifier: literal(node.arguments[0]), kind: 'dynamic' };
    }
  }
  return undefined;
}

/** Which function of `AbortSignal` this node calls. */
function signalCall(node) {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const { expression, name } = node.expression;
  return ts.isIdentifier(expression) && expression.text === 'AbortSignal' ? name.text : undefined;
}

/**
 * What a source file imports, which impure things it touches, and where it calls functions of `AbortSignal`.
 * @returns {{ imports: { specifier: string, kind: 'static' | 'type' | 'dynamic', line: number }[], impure: { what: string, line: number }[], signals: { what: string, line: number }[] }}
 */
export function scanSource(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports = [];
  const impure = [];
  const signals = [];
  const lineOf = (node) => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const visit = (node) => {
    const found = importOf(node);
    if (found?.specifier !== undefined) imports.push({ ...found, line: lineOf(node) });
    const what = impureUse(node);
    if (what) impure.push({ what, line: lineOf(node) });
    const signal = signalCall(node);
    if (signal) signals.push({ what: signal, line: lineOf(node) });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, impure, signals };
}
