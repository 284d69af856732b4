import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { HopFrame } from './hop-frame.js';
import {
  FrameReader,
  formatAnswerHead,
  formatRequestHead,
  frameSize,
  MAX_FRAME_BYTES,
  parseAnswerHead,
  parseRequestHead,
  writeFrame,
} from './hop-frame.js';

function written(frames: readonly HopFrame[]): Buffer {
  const bytes = Buffer.alloc(frames.reduce((sum, { head, body }) => sum + frameSize(head, body), 0));
  let at = 0;
  for (const frame of frames) at = writeFrame(bytes, at, frame);
  expect(at).toBe(bytes.byteLength);
  return bytes;
}

function read(pieces: readonly Buffer[]): HopFrame[] {
  const frames: HopFrame[] = [];
  const reader = new FrameReader(({ number, head, body }) => frames.push({ number, head, body: Buffer.from(body) }));
  for (const piece of pieces) reader.push(piece);
  return frames;
}

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const frame = fc.record({
  number: fc.nat(0xffff_ffff),
  head: latin1,
  body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

describe('frames of the hop', () => {
  it('arrive whole and in order, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(2_000)), (frames, cuts) => {
        const bytes = written(frames);
        const places = [0, ...cuts.filter((cut) => cut < bytes.byteLength).sort((a, b) => a - b), bytes.byteLength];
        const pieces = places.slice(1).map((end, n) => bytes.subarray(places[n], end));
        expect(read(pieces)).toEqual(frames);
      }),
    );
  });

  it('have these bytes', () => {
    const head = formatRequestHead({ method: 'GET', path: '/a', headers: { n: 'é' } });
    expect(written([{ number: 7, head, body: Buffer.from('v') }]).toString('latin1')).toBe(
      '\0\0\0\x0b\0\0\0\x07\0\0\0\x0aGET\n/a\nn\név',
    );
  });

  it.each([
    ['a body that is too long', MAX_FRAME_BYTES + 1, 0],
    ['a head that is longer than the whole', 10, 11],
    ['a head that is too long', MAX_FRAME_BYTES, 40_000],
  ])('refuse %s before it is there', (_what, restBytes, headBytes) => {
    const prefix = Buffer.alloc(12);
    prefix.writeUInt32BE(restBytes, 0);
    prefix.writeUInt32BE(headBytes, 8);
    expect(() => read([prefix])).toThrow('not a frame of the hop');
  });

  it('carry heads that say what was said', () => {
    const request = { method: 'PUT', path: '/internal/v1/x?y', headers: { 'if-match': '"1.2"', b: '' } };
    expect(parseRequestHead(formatRequestHead(request))).toEqual(request);
    const answer = { status: 412, headers: { etag: '"1.2"' } };
    expect(parseAnswerHead(formatAnswerHead(answer))).toEqual(answer);
    expect(parseAnswerHead(formatAnswerHead({ status: 200, headers: { none: undefined } })).headers).toEqual({});
  });

  it.each(['', 'GET', 'GET\n', 'GET\n/\nname'])('refuse the head of a request %j', (head) => {
    expect(() => parseRequestHead(head)).toThrow('not a frame');
  });

  it.each(['', 'x', '99', '600', '200\nname'])('refuse the head of an answer %j', (head) => {
    expect(() => parseAnswerHead(head)).toThrow('not a frame');
  });
});
