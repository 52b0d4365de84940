import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { conversationOf } from '../wire/conversation.ts'
import { messageDataOf, recordingMetadataOf, recordingOf } from '../wire/recordings.ts'
import { metricsOf, summariesOf } from '../wire/speech.ts'
import { badRequest, notFound } from './errors.ts'
import type { TranscriptLinks } from './links.ts'
import { pathOf } from './query.ts'
import type { World } from './world.ts'

const messageIds = z.array(z.string()).max(1000)

/** What was said and written: conversations, recordings, messages, transcripts, summaries, sentiment. */
export function serveMedia(app: FastifyInstance, world: World, links: TranscriptLinks, apiUrl: () => string): void {
  const conversations = '/api/v2/conversations/:conversationId'
  const speech = '/api/v2/speechandtextanalytics/conversations/:conversationId'
  const recordingsOf = (id: string) => {
    const conversation = world.find(id)
    const now = world.now()
    return { conversation, recordings: conversation.recordings.filter(recording => recording.readyAt <= now) }
  }

  app.get(conversations, request =>
    conversationOf(world.find(pathOf(request, 'conversationId')), world.org, world.now()),
  )
  app.get(`${conversations}/recordingmetadata`, request => {
    const { conversation, recordings } = recordingsOf(pathOf(request, 'conversationId'))
    return recordings.map(recording => recordingMetadataOf(conversation, recording))
  })
  app.get(`${conversations}/recordings`, request => {
    const { conversation, recordings } = recordingsOf(pathOf(request, 'conversationId'))
    return recordings.map(recording => recordingOf(conversation, recording, world.org, apiUrl()))
  })
  app.get(`${conversations}/recordings/:recordingId`, request => {
    const { conversation, recordings } = recordingsOf(pathOf(request, 'conversationId'))
    const recording = recordings.find(one => one.id === pathOf(request, 'recordingId'))
    if (recording === undefined) throw notFound()
    return recordingOf(conversation, recording, world.org, apiUrl())
  })
  app.get(`${conversations}/summaries`, request =>
    summariesOf(world.find(pathOf(request, 'conversationId')), world.now()),
  )
  app.get(`${speech}/summaries`, request => {
    const { conversation, sessionSummaries } = summariesOf(world.find(pathOf(request, 'conversationId')), world.now())
    return { conversation, entities: sessionSummaries }
  })
  app.get(`${conversations}/suggestions`, request => {
    world.find(pathOf(request, 'conversationId'))
    return { entities: [], selfUri: request.url }
  })
  app.post('/api/v2/conversations/messages/:conversationId/messages/bulk', request => {
    const { conversation, recordings } = recordingsOf(pathOf(request, 'conversationId'))
    const ids = messageIds.safeParse(request.body)
    if (!ids.success) throw badRequest('The body must be a list of at most 1000 message ids')
    const entities = ids.data.flatMap(id =>
      recordings.flatMap(recording => messageDataOf(conversation, recording, id) ?? []),
    )
    return { entities }
  })

  app.get(speech, request => {
    const conversation = world.find(pathOf(request, 'conversationId'))
    if (!conversation.transcripts.some(transcript => transcript.readyAt <= world.now())) throw notFound()
    return metricsOf(conversation)
  })
  const transcriptIn = (conversationId: string, communicationId: string) => {
    const found = world
      .find(conversationId)
      .transcripts.find(transcript => transcript.communicationId === communicationId)
    if (found === undefined || found.readyAt > world.now())
      throw notFound(`No transcript was found for communication ${communicationId}`)
    return links.sign(conversationId, communicationId)
  }
  app.get(`${speech}/communications/:communicationId/transcripturl`, request => ({
    url: transcriptIn(pathOf(request, 'conversationId'), pathOf(request, 'communicationId')),
  }))
  app.get(`${speech}/communications/:communicationId/transcripturls`, request => {
    const conversationId = pathOf(request, 'conversationId')
    const communicationId = pathOf(request, 'communicationId')
    return {
      conversation: { id: conversationId, selfUri: `/api/v2/conversations/${conversationId}` },
      communicationId,
      urls: [{ url: transcriptIn(conversationId, communicationId) }],
    }
  })
}
