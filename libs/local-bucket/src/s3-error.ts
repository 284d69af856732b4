import { element, xmlDocument } from './xml.js';

/** S3's own codes with their status, as far as this server gives them. */
const S3_ERRORS = {
  AccessDenied: [403, 'Access denied.'],
  AuthorizationHeaderMalformed: [400, 'The authorization header is not as signature version 4 wants it.'],
  BadDigest: [400, 'The Content-MD5 does not match the body.'],
  ConditionalRequestConflict: [409, 'A conflicting conditional operation is in progress.'],
  EntityTooLarge: [400, 'The body is larger than this server accepts.'],
  IncompleteBody: [400, 'The body is shorter than its Content-Length.'],
  InternalError: [500, 'The server failed; whether the request was applied is unknown.'],
  InvalidAccessKeyId: [403, 'The access key is not known here.'],
  InvalidArgument: [400, 'An argument is not valid.'],
  InvalidPart: [400, 'A part of the upload was not sent.'],
  InvalidRange: [416, 'The range lies outside of the object.'],
  InvalidURI: [400, 'The path cannot be decoded.'],
  KeyTooLongError: [400, 'A key has at most 1024 bytes.'],
  MethodNotAllowed: [405, 'The method is not allowed here.'],
  MissingContentLength: [411, 'A put needs a Content-Length.'],
  NoSuchBucket: [404, 'There is no such bucket.'],
  NoSuchKey: [404, 'There is no such key.'],
  NoSuchUpload: [404, 'There is no such upload.'],
  NotImplemented: [501, 'The request asks for something that this server does not do.'],
  PreconditionFailed: [412, 'The condition of the request does not hold.'],
  RequestTimeTooSkewed: [403, 'The request was signed too long ago or in the future.'],
  RequestTimeout: [400, 'The body did not arrive in time.'],
  SignatureDoesNotMatch: [403, 'The signature is not that of this request.'],
  SlowDown: [503, 'Too many requests, slow down.'],
  TooManyBuckets: [400, 'This server has one bucket.'],
  XAmzContentSHA256Mismatch: [400, 'The body is not the one that was signed.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type S3ErrorCode = keyof typeof S3_ERRORS;

/** An answer other than success, in S3's terms. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly status: number;

  constructor(
    readonly code: S3ErrorCode,
    message: string = S3_ERRORS[code][1],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = S3_ERRORS[code][0];
  }

  toXml(resource: string, requestId: string): string {
    const parts = [
      element('Code', this.code),
      element('Message', this.message),
      element('Resource', resource),
      element('RequestId', requestId),
    ];
    return xmlDocument(`<Error>${parts.join('')}</Error>`);
  }
}
