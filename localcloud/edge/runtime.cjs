// CloudFront Functions' JavaScript runtime 2.0, as far as a function can tell: one line of JSON
// in, one line of JSON out. Functions run in a context that holds only what that runtime has:
// no process, timers, network or files, no eval; Promises settle within the call.
'use strict';

const vm = require('node:vm');
const crypto = require('node:crypto');
const querystring = require('node:querystring');
const readline = require('node:readline');
const { validateToken } = require('./cwt.cjs');

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

// By store: what CloudFront replicated to this edge. The caller sends a store when it changed.
const stores = new Map();

function ask(store, operation, key) {
  const { entries, meta } = stores.get(store);
  if (operation === 'meta') return JSON.stringify({ value: meta });
  if (operation === 'count') return JSON.stringify({ value: Object.keys(entries).length });
  const known = Object.hasOwn(entries, key);
  if (operation === 'exists') return JSON.stringify({ value: known });
  return JSON.stringify(known ? { value: entries[key] } : { missing: true });
}

// Runs inside a function's context: its promises must be the context's own, or they never settle.
const HANDLES = `(function (ask, Buffer) {
  return function (store) {
    async function asked(operation, key) {
      var answer = JSON.parse(ask(store, operation, String(key)));
      if (answer.missing) throw new Error('KeyNotFound: ' + key);
      return answer.value;
    }
    return Object.freeze({
      get: async function (key, options) {
        var value = await asked('get', key);
        var format = (options && options.format) || 'string';
        if (format === 'json') return JSON.parse(value);
        if (format === 'bytes') return Buffer.from(value);
        if (format === 'string') return value;
        throw new Error('unknown format: ' + format);
      },
      exists: function (key) { return asked('exists', key); },
      count: function () { return asked('count', ''); },
      meta: function () { return asked('meta', ''); },
    });
  };
})`;

function cloudfront(context, associated) {
  const handle = new vm.Script(HANDLES).runInContext(context)(ask, Buffer);
  return Object.freeze({
    cwt: Object.freeze({ validateToken }),
    kvs: (id) => {
      const store = associated.find((arn) => id === undefined || arn.endsWith('/' + id));
      if (store === undefined) throw new Error('no KeyValueStore is associated with the function');
      return handle(store);
    },
  });
}

const functions = new Map();

function load(name, code, associated) {
  let outcome = null;
  const context = vm.createContext({ Buffer, atob, btoa, TextDecoder, TextEncoder }, {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  new vm.Script(ABSENT.map((name) => 'delete globalThis.' + name).join(';')).runInContext(context);
  const log = (...parts) => process.stderr.write('[' + name + '] ' + parts.join(' ') + '\n');
  context.console = Object.freeze({ log, error: log, warn: log });
  const modules = { ...MODULES, cloudfront: cloudfront(context, associated) };
  context.require = (module) => {
    if (!Object.hasOwn(modules, module)) throw new Error('Cannot find module "' + module + '"');
    return modules[module];
  };
  const source = code.replace(IMPORT, "const $1 = require('$3');");
  new vm.Script('"use strict";\n' + source, { filename: name })
    .runInContext(context, { timeout: 3000 });
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
    if (request.store !== undefined) {
      stores.set(request.store, { entries: request.entries, meta: request.meta });
      return {};
    }
    if (request.code !== undefined) {
      load(request.name, request.code, request.stores);
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
