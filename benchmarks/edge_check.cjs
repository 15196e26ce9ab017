// Runs one edge function many times, as one request after another, and prints the median of the
// rounds in microseconds a call. Arguments: the function's file, and JSON of event, store, calls
// and rounds.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { validateToken } = require(path.join(__dirname, '..', 'localcloud', 'edge', 'cwt.cjs'));

const [file, given] = process.argv.slice(2);
const { event, store, calls, rounds } = JSON.parse(given);

const kept = {
  exists: async (key) => Object.hasOwn(store, key),
  get: async (key) => store[key],
};
const cf = { cwt: { validateToken }, kvs: () => kept };
const source = fs.readFileSync(file, 'utf8').replace(/^import cf from 'cloudfront';$/m, '');
const handler = new Function('cf', 'Buffer', `'use strict';\n${source}\nreturn handler;`)(cf, Buffer);
const text = JSON.stringify(event);

async function main() {
  const medians = [];
  for (let round = 0; round < rounds; round += 1) {
    const times = [];
    for (let call = 0; call < calls; call += 1) {
      const asked = JSON.parse(text);
      const begun = process.hrtime.bigint();
      const answer = await handler(asked);
      times.push(Number(process.hrtime.bigint() - begun) / 1000);
      if (answer.statusCode !== undefined) throw new Error(`refused: ${answer.statusCode}`);
    }
    times.sort((one, other) => one - other);
    medians.push(times[Math.floor(times.length / 2)]);
  }
  medians.sort((one, other) => one - other);
  process.stdout.write(JSON.stringify({ microseconds: medians[Math.floor(medians.length / 2)] }));
}

main();
