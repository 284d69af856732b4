import { describe, expect, it } from '@jest/globals';

import { shellExamples } from './shell-examples.js';

const PAGE = `# A page

\`\`\`sh
./leasehold up
\`\`\`

## First

\`\`\`sh
A=1   # a remark
curl -s $A -d '{
  "a": 1
}'                   # → {"b":…}
curl $A \\
  -X PUT
# → {"id":…}   shown once
\`\`\`

\`\`\`js
const a = 'b';
\`\`\`

## Second

\`\`\`sh
curl "isn't"
\`\`\`
`;

describe('commands of a page', () => {
  it('are those below the heading, whole, with what they print', () => {
    expect(shellExamples(PAGE, 'First')).toEqual([
      { command: 'A=1   # a remark', prints: undefined },
      { command: `curl -s $A -d '{\n  "a": 1\n}'                   # → {"b":…}`, prints: '{"b":…}' },
      { command: 'curl $A \\\n  -X PUT', prints: '{"id":…}' },
    ]);
    expect(shellExamples(PAGE, 'Third')).toEqual([]);
  });

  it('are refused where one does not end', () => {
    expect(() => shellExamples(PAGE, 'Second')).toThrow('not a block of commands');
  });
});
