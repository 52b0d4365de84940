import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { idFrom } from '../seeded.ts'
import { transcriptOf } from '../wire/speech.ts'
import { pathOf, textOf } from './query.ts'
import type { World } from './world.ts'

/** Links to transcript files, signed and short-lived as those of S3 that Genesys hands out. */
export interface TranscriptLinks {
  sign(conversationId: string, communicationId: string): string
}

/** Where transcript files are; not part of the API, so neither token nor rate limit apply. */
export const transcriptsPath = '/transcripts'

/** Serves the files behind signed links. A token sent along is refused, as S3 refuses a second way to authenticate. */
export function serveTranscripts(
  app: FastifyInstance,
  world: World,
  baseUrl: () => string,
  lifetimeMs: number,
): TranscriptLinks {
  const secret = idFrom(world.seed, 'transcript-links')
  const signatureOf = (conversationId: string, communicationId: string, expires: string) =>
    createHmac('sha256', secret).update(`${conversationId}\n${communicationId}\n${expires}`).digest('hex')

  app.get(`${transcriptsPath}/:conversationId/:communicationId`, (request, reply) => {
    const refuse = (status: number, code: string, message: string) =>
      reply
        .code(status)
        .type('application/xml')
        .send(
          `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>${request.id}</RequestId></Error>`,
        )
    if (request.headers.authorization !== undefined)
      return refuse(
        400,
        'InvalidArgument',
        'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
      )
    const conversationId = pathOf(request, 'conversationId')
    const communicationId = pathOf(request, 'communicationId')
    const expires = textOf(request, 'Expires') ?? ''
    const given = Buffer.from(textOf(request, 'Signature') ?? '')
    const right = Buffer.from(signatureOf(conversationId, communicationId, expires))
    if (given.length !== right.length || !timingSafeEqual(given, right))
      return refuse(
        403,
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided.',
      )
    if (Number(expires) <= world.now()) return refuse(403, 'AccessDenied', 'Request has expired')
    const conversation = world.find(conversationId)
    const transcript = conversation.transcripts.find(one => one.communicationId === communicationId)
    if (transcript === undefined) return refuse(404, 'NoSuchKey', 'The specified key does not exist.')
    return reply.send(transcriptOf(conversation, transcript, world.org))
  })

  return {
    sign(conversationId, communicationId) {
      const expires = String(world.now() + lifetimeMs)
      const signature = signatureOf(conversationId, communicationId, expires)
      return `${baseUrl()}${transcriptsPath}/${conversationId}/${communicationId}?Expires=${expires}&Signature=${signature}`
    },
  }
}
