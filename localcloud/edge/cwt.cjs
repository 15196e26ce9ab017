// `cf.cwt.validateToken` of CloudFront Functions: whether a CBOR Web Token's MAC is right, and what
// it holds. COSE_Mac0 (RFC 9052, section 6.2) with HMAC 256/256 only, at most 1 KB. Nothing else is
// checked: expiry, path, country and the rest are the function's own to judge.
'use strict';

const crypto = require('node:crypto');

const MAX_TOKEN_BYTES = 1024;
const TAG_CWT = 61;
const TAG_COSE_MAC0 = 17;
const LABEL_ALGORITHM = 1;
const HMAC_256_256 = 5;
const MAX_DEPTH = 16;

class Tagged {
  constructor(tag, value) {
    this.tag = tag;
    this.value = value;
  }
}

// RFC 8949, as far as tokens go: definite lengths, no half-precision numbers.
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw new Error('the token ends too early');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  head() {
    const first = this.take(1)[0];
    const major = first >> 5;
    const short = first & 31;
    if (short < 24) return [major, short, short];
    if (short === 24) return [major, this.take(1)[0], short];
    if (short === 25) return [major, this.take(2).readUInt16BE(0), short];
    if (short === 26) return [major, this.take(4).readUInt32BE(0), short];
    if (short === 27 && major === 7) return [major, this.take(8).readDoubleBE(0), short];
    if (short === 27) return [major, Number(this.take(8).readBigUInt64BE(0)), short];
    throw new Error('the token has an unsupported length');
  }

  item(depth = 0) {
    if (depth > MAX_DEPTH) throw new Error('the token is nested too deeply');
    const [major, number, short] = this.head();
    switch (major) {
      case 0: return number;
      case 1: return -1 - number;
      case 2: return Buffer.from(this.take(number));
      case 3: return this.take(number).toString('utf8');
      case 4: return this.many(number, () => this.item(depth + 1));
      case 5: return Object.fromEntries(
        this.many(number, () => [String(this.item(depth + 1)), this.item(depth + 1)]));
      case 6: return new Tagged(number, this.item(depth + 1));
      default: return this.simple(number, short);
    }
  }

  many(count, read) {
    if (count > this.bytes.length) throw new Error('the token ends too early');
    return Array.from({ length: count }, read);
  }

  simple(number, short) {
    if (short === 27) return number;
    if (short === 26) return this.bytes.readFloatBE(this.at - 4);
    const values = { 20: false, 21: true, 22: null, 23: undefined };
    if (short in values) return values[short];
    throw new Error('the token holds an unsupported value');
  }
}

function decoded(bytes) {
  const reader = new Reader(bytes);
  const value = reader.item();
  if (reader.at !== bytes.length) throw new Error('the token has trailing bytes');
  return value;
}

function header(major, length) {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
}

function bytesItem(bytes) {
  return Buffer.concat([header(2, bytes.length), bytes]);
}

// MAC_structure = ["MAC0", protected, external_aad, payload] (RFC 9052, section 6.3)
function authenticated(protectedBytes, payload) {
  const context = Buffer.from('MAC0');
  return Buffer.concat([
    Buffer.from([0x84]), header(3, context.length), context,
    bytesItem(protectedBytes), bytesItem(Buffer.alloc(0)), bytesItem(payload),
  ]);
}

function validateToken(token, context) {
  const bytes = Buffer.from(token);
  if (bytes.length > MAX_TOKEN_BYTES) throw new Error('the token is larger than 1 KB');
  if (!context || !context.key || context.key.length === 0) throw new Error('a key is required');
  let message = decoded(bytes);
  if (message instanceof Tagged && message.tag === TAG_CWT) message = message.value;
  if (!(message instanceof Tagged) || message.tag !== TAG_COSE_MAC0) {
    throw new Error('the token is no COSE_Mac0');
  }
  const parts = message.value;
  if (!Array.isArray(parts) || parts.length !== 4) throw new Error('the token is malformed');
  const [protectedBytes, unprotectedHeaders, payload, tag] = parts;
  if (![protectedBytes, payload, tag].every(Buffer.isBuffer)) {
    throw new Error('the token is malformed');
  }
  const protectedHeaders = protectedBytes.length ? decoded(protectedBytes) : {};
  if (protectedHeaders[LABEL_ALGORITHM] !== HMAC_256_256) {
    throw new Error('the token has an unsupported algorithm');
  }
  const expected = crypto.createHmac('sha256', context.key)
    .update(authenticated(protectedBytes, payload)).digest();
  if (tag.length !== expected.length || !crypto.timingSafeEqual(tag, expected)) {
    throw new Error('the token has a wrong MAC');
  }
  return { protected: protectedHeaders, unprotected: unprotectedHeaders, payload: decoded(payload) };
}

module.exports = { validateToken };
