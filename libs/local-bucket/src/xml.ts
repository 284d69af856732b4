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

/** The text of an element that holds nothing but text. */
export function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|amp|lt|gt|quot|apos);/gi,
    (escape: string, hex?: string, code?: string) => {
      if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
      if (code !== undefined) return String.fromCodePoint(Number(code));
      return Object.entries(ESCAPES).find(([, escaped]) => escaped === escape.toLowerCase())?.[0] ?? escape;
    },
  );
}

export function xmlDocument(root: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}`;
}
