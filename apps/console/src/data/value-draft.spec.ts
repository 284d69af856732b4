import { describe, expect, it } from '@jest/globals';

import { utf8 } from './bytes.js';
import { draftIn, draftOf, valueOfDraft } from './value-draft.js';

describe('a value that is being typed', () => {
  /** What a field in which one types makes of it. */
  const typed = (text: string) => text.replaceAll(/\r\n?/g, '\n');

  it.each(['a', 'a\nb\n', 'a\r\nb\r\n', '{\r\n"a": 1}', '{"a":[1]}', ''])(
    'is %j again when a letter was changed',
    (text) => {
      const draft = draftOf(utf8(text));
      expect(draft.view).not.toBe('hex');
      const changed = { ...draft, text: typed(`${draft.text} `) };
      const laidOut = draft.view === 'json' && draft.text !== text ? draft.text : text;
      expect(valueOfDraft(changed)).toEqual(utf8(`${laidOut} `));
    },
  );

  it.each(['a\rb', 'a\r\nb\n'])('is digits where its lines end in several ways: %j', (text) => {
    const draft = draftOf(utf8(text));
    expect(draft.view).toBe('hex');
    expect(draftIn(utf8(text), 'text')).toBeUndefined();
    expect(valueOfDraft(draft)).toEqual(utf8(text));
  });

  it('is none where it is not what it is said to be', () => {
    expect(valueOfDraft({ view: 'json', text: '{' })).toBeUndefined();
    expect(draftIn(new Uint8Array([0xff]), 'text')).toBeUndefined();
  });
});
