import { describe, expect, it } from '@jest/globals';

import { isOrigin } from './cors-origin.js';

describe('an origin', () => {
  it.each([
    'https://app.example.com',
    'http://localhost:3000',
    'http://127.0.0.1:5173',
    'http://[::1]:8080',
    'https://xn--bcher-kva.example',
  ])('is %s', (text) => expect(isOrigin(text)).toBe(true));

  it.each([
    '',
    'null',
    '*',
    'https://*.example.com',
    'app.example.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://app.example.com?x',
    'https://app.example.com#x',
    'https://user@app.example.com',
    'https://App.example.com',
    'HTTPS://app.example.com',
    'https://app.example.com:443',
    'http://app.example.com:80',
    'https://bücher.example',
    'https:app.example.com',
    'https://',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    ' https://app.example.com',
    'https://app.example.com\n',
    'https://app.example.com, https://evil.example',
    `https://${'a.'.repeat(150)}example`,
  ])('is not %j', (text) => expect(isOrigin(text)).toBe(false));
});
