import type { BadRequest } from './bad-requests.js';
import type { BrokenHttp } from './broken-http.js';
import { readAnswer } from './http-answer.js';
import type { HttpConnection } from './http-connection.js';
import { onOwnConnection } from './http-connection.js';
import { bytesOfRequest } from './raw-request.js';
import type { Tally } from './tally.js';
import { judge } from './verdict.js';

const EXCERPT_CHARS = 300;

/** Sends one of them and keeps what became of it. */
export async function askBadly(connection: HttpConnection, bad: BadRequest, tally: Tally): Promise<void> {
  const { request, codes, isHarmless, parties } = bad;
  const { method } = request;
  const say = (finding: string | undefined): string | undefined =>
    finding && `${bad.route}: ${bad.wrong} ${finding}: ${excerpt(bytesOfRequest(request))}`;
  try {
    const answer = await connection.send(bytesOfRequest(request), method);
    if (answer === undefined) return tally.add('closed', say('is not answered'));
    const expected = { method, codes, isHarmless, foreignTags: [parties.other.tag], ownTag: parties.asker.tag };
    const { outcome, finding } = judge(answer, expected);
    tally.add(outcome, say(finding));
  } catch (error) {
    tally.add('failed', say(String(error)));
  }
}

/** The same of bytes that are no HTTP. */
export async function askNonsense(gateway: string, broken: BrokenHttp, tally: Tally): Promise<void> {
  const { bytes, codes, isHarmless, mayClose, isCut, parties } = broken;
  const say = (finding: string | undefined): string | undefined =>
    finding && `${broken.wrong} ${finding}: ${excerpt(bytes)}`;
  let received = await onOwnConnection(gateway, [bytes], { isEnded: isCut });
  if (received.byteLength === 0) return tally.add('closed', mayClose ? undefined : say('is not answered'));
  try {
    for (let answers = 1; received.byteLength > 0; answers++) {
      const read = readAnswer(received, 'GET');
      if (read === undefined) return tally.add('failed', say('is answered in part'));
      const expected = {
        method: 'GET',
        codes,
        isHarmless,
        foreignTags: [parties.other.tag],
        ownTag: parties.asker.tag,
      };
      const { outcome, finding } = judge(read.answer, expected);
      tally.add(outcome, say(answers > broken.answers ? 'is answered more than once' : finding));
      received = received.subarray(read.sizeBytes);
    }
  } catch (error) {
    tally.add('failed', say(String(error)));
  }
}

function excerpt(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(0, EXCERPT_CHARS).toString('latin1'));
}
