// What TypeScript itself makes of imports: its parser says what a file imports, its resolver which file
// that is. Reads {"roots": {ROOT: [PATH…]}} from stdin, writes {ROOT: [[FROM, TO, NAME]…]}; paths are
// relative to their root. Options are those of the configuration an editor would take for a file; names
// lose what bundlers take with them (loaders before a `!`, questions behind a `?`).
const fs = require("fs"), path = require("path");
const ts = require(require.resolve("typescript", { paths: [path.join(__dirname, "npm")] }));

const BUNDLER = {
  allowJs: true, resolveJsonModule: true, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
};

function main() {
  const { roots } = JSON.parse(fs.readFileSync(0, "utf8"));
  const answer = {};
  for (const root of Object.keys(roots)) answer[root] = edges(fs.realpathSync(root), roots[root]);
  process.stdout.write(JSON.stringify(answer));
}

function edges(root, files) {
  const configs = new Map(), found = [];
  for (const file of files) {
    const full = path.join(root, file), options = optionsOf(full, root, configs);
    const source = ts.createSourceFile(full, fs.readFileSync(full, "utf8"), ts.ScriptTarget.Latest, false);
    for (const [name, mode] of imports(source)) {
      const asked = name.split("!").pop().replace(/\?.*$/, "");
      const { resolvedModule } = ts.resolveModuleName(asked, full, options, ts.sys, undefined, undefined, mode);
      if (resolvedModule) found.push([file, path.relative(root, real(resolvedModule.resolvedFileName)), name]);
    }
    for (const { fileName } of source.referencedFiles)
      found.push([file, path.relative(root, real(path.resolve(path.dirname(full), fileName))), fileName]);
  }
  return found.filter(([, to]) => !to.startsWith("..") && !to.includes("node_modules/"));
}

function imports(source) {
  const found = [];
  const told = (node, mode) => node && ts.isStringLiteralLike(node) && found.push([node.text, mode]);
  const walk = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) told(node.moduleSpecifier, ts.ModuleKind.ESNext);
    else if (ts.isExternalModuleReference(node)) told(node.expression, ts.ModuleKind.ESNext);
    else if (ts.isImportTypeNode(node)) told(node.argument.literal, ts.ModuleKind.ESNext);
    else if (ts.isModuleDeclaration(node) && ts.isExternalModule(source)) told(node.name, ts.ModuleKind.ESNext);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      told(node.arguments[0], ts.ModuleKind.ESNext);
    else if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "require")
      told(node.arguments[0], ts.ModuleKind.CommonJS);
    ts.forEachChild(node, walk);
  };
  walk(source);
  return found;
}

function optionsOf(full, root, configs) {
  for (let folder = path.dirname(full); folder.startsWith(root); folder = path.dirname(folder)) {
    for (const name of ["tsconfig.json", "jsconfig.json"]) {
      const file = path.join(folder, name);
      if (fs.existsSync(file)) return chosen(file, full, configs);
    }
  }
  return BUNDLER;
}

// As in an editor: the nearest configuration, or one it refers to that includes the file. Where none does,
// the rules of that project's runtime are not the file's.
function chosen(file, full, configs) {
  const queue = [file], seen = new Set();
  while (queue.length) {
    const one = queue.shift();
    if (seen.has(one)) continue;
    seen.add(one);
    const config = read(one, configs);
    if (config.names.has(full)) return config.options;
    queue.push(...config.references);
  }
  return { ...read(file, configs).options, module: BUNDLER.module, moduleResolution: BUNDLER.moduleResolution };
}

function read(file, configs) {
  if (!configs.has(file)) {
    const { config } = ts.readConfigFile(file, ts.sys.readFile);
    const said = ts.parseJsonConfigFileContent(config || {}, ts.sys, path.dirname(file), undefined, file);
    const references = (said.projectReferences || []).map(ts.resolveProjectReferencePath).filter(fs.existsSync);
    const options = { ...said.options, allowJs: true, resolveJsonModule: true };
    if (options.module === undefined && options.moduleResolution === undefined)
      Object.assign(options, { module: BUNDLER.module, moduleResolution: BUNDLER.moduleResolution });
    configs.set(file, { options, references, names: new Set(said.fileNames) });
  }
  return configs.get(file);
}

function real(file) {
  return fs.existsSync(file) ? fs.realpathSync(file) : file;
}

main();
