// CloudFront Functions' JavaScript runtime 2.0, as far as a function can tell: one line of JSON
// in, one line of JSON out. Functions run in a context that holds only what that runtime has:
// no process, timers, network or files, no eval; Promises settle within the call.
'use strict';

const vm = require('node:vm');
const crypto = require('node:crypto');
const querystring = require('node:querystring');
const readline = require('node:readline');

// Present in Node and absent in CloudFront's runtime.
const ABSENT = [
  'Atomics', 'FinalizationRegistry', 'Intl', 'Iterator', 'Map', 'Proxy', 'Reflect', 'Set',
  'SharedArrayBuffer', 'WeakMap', 'WeakRef', 'WeakSet', 'WebAssembly',
];

const IMPORT = /^[ \t]*import\s+(\w+)\s+from\s+(['"])([\w:-]+)\2[ \t]*;?[ \t]*$/gm;

function limitedCrypto() {
  const hashes = ['md5', 'sha1', 'sha256'];
  const known = (name) => {
    if (hashes.indexOf(name) < 0) throw new TypeError('not supported algorithm: "' + name + '"');
    return name;
  };
  return Object.freeze({
    createHash: (name) => crypto.createHash(known(name)),
    createHmac: (name, key) => crypto.createHmac(known(name), key),
  });
}

const MODULES = Object.freeze({
  buffer: Object.freeze({ Buffer }),
  crypto: limitedCrypto(),
  querystring: Object.freeze({
    decode: querystring.decode, encode: querystring.encode, escape: querystring.escape,
    parse: querystring.parse, stringify: querystring.stringify, unescape: querystring.unescape,
  }),
});

function requireModule(name) {
  if (!Object.hasOwn(MODULES, name)) throw new Error('Cannot find module "' + name + '"');
  return MODULES[name];
}

const functions = new Map();

function load(name, code) {
  let outcome = null;
  const context = vm.createContext({ Buffer, atob, btoa, TextDecoder, TextEncoder }, {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  new vm.Script(ABSENT.map((name) => 'delete globalThis.' + name).join(';')).runInContext(context);
  const log = (...parts) => process.stderr.write('[' + name + '] ' + parts.join(' ') + '\n');
  context.console = Object.freeze({ log, error: log, warn: log });
  context.require = requireModule;
  const source = code.replace(IMPORT, "const $1 = require('$3');");
  new vm.Script('"use strict";\n' + source, { filename: name })
    .runInContext(context, { timeout: 1000 });
  // Every step is a function of the context itself: only those run within the call's time limit.
  const call = new vm.Script(`(function (event, settle) {
    Promise.resolve(event)
      .then(function (text) { return handler(JSON.parse(text)); })
      .then(function (result) { settle({ result: JSON.stringify(result) }); })
      .catch(function (error) { settle({ error: String(error) }); });
  })(__event, __settle)`);
  functions.set(name, (event, milliseconds) => {
    outcome = { error: 'the function returned a promise that never settles' };
    context.__event = event;
    context.__settle = (settled) => { outcome = settled; };
    call.runInContext(context, { timeout: milliseconds });
    return outcome;
  });
}

function answer(request) {
  try {
    if (request.code !== undefined) {
      load(request.name, request.code);
      return {};
    }
    return functions.get(request.name)(request.event, request.milliseconds);
  } catch (error) {
    return { error: String(error) };
  }
}

const lines = readline.createInterface({ input: process.stdin, terminal: false });
lines.on('line', (line) => process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n'));
lines.on('close', () => process.exit(0));
