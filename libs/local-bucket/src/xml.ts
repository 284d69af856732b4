const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** `<name>text</name>`; control characters, which XML 1.0 cannot spell, become numeric references as in S3's own answers. */
export function element(name: string, text: string | number | boolean): string {
  const escaped = String(text).replace(
    /[&<>"']|\p{Cc}/gu,
    (char) => ESCAPES[char] ?? `&#x${char.charCodeAt(0).toString(16)};`,
  );
  return `<${name}>${escaped}</${name}>`;
}

export function xmlDocument(root: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}`;
}
