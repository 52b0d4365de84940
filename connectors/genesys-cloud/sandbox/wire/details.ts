import type { Models } from 'purecloud-platform-client-v2'
import { type Conversation, type Flow, type Participant, type Segment, type Session, shownAt } from '../model.ts'
import { criticalOf, scoreOf } from './quality.ts'
import { iso, wire } from './wire.ts'

/** A conversation as the analytics API shows it at `at`; `attributes` only in the results of jobs. */
export function detailsOf(
  conversation: Conversation,
  divisionId: string,
  at: number,
  attributes: boolean,
): Models.AnalyticsConversation {
  const evaluations = conversation.evaluations.flatMap(evaluation => {
    const version = shownAt(evaluation.versions, at)
    if (version === undefined) return []
    return [
      wire<Models.AnalyticsEvaluation>({
        evaluationId: evaluation.id,
        evaluationStatus: version.status,
        formId: evaluation.form.id,
        formName: evaluation.form.name,
        contextId: evaluation.form.contextId,
        evaluatorId: evaluation.evaluatorId,
        userId: evaluation.agentUserId,
        queueId: evaluation.queueId,
        released: version.status === 'FINISHED',
        rescored: version.rescored,
        deleted: false,
        systemSubmitted: false,
        eventTime: iso(version.eventTime),
        oTotalScore: scoreOf(evaluation.form, version.points),
        oTotalCriticalScore: criticalOf(evaluation.form, version.points),
      }),
    ]
  })
  const surveys = conversation.surveys.flatMap(survey => {
    const version = shownAt(survey.versions, at)
    if (version === undefined) return []
    return [
      wire<Models.AnalyticsSurvey>({
        surveyId: survey.id,
        surveyFormId: survey.form.id,
        surveyFormContextId: survey.form.contextId,
        surveyFormName: survey.form.name,
        surveyStatus: version.status,
        surveyType: 'Web',
        surveyCompletedDate: version.status === 'Finished' ? iso(version.eventTime) : undefined,
        surveyPromoterScore: version.promoterScore,
        oSurveyTotalScore: version.score,
        userId: survey.agentUserId,
        queueId: survey.queueId,
        eventTime: iso(version.eventTime),
      }),
    ]
  })
  const ended = conversation.endedAt <= at
  return wire<Models.AnalyticsConversation>({
    conversationId: conversation.id,
    conversationStart: iso(conversation.startedAt),
    conversationEnd: ended ? iso(conversation.endedAt) : undefined,
    originatingDirection: conversation.direction,
    conversationInitiator: conversation.direction === 'inbound' ? 'customer' : 'agent',
    customerParticipation: true,
    divisionIds: [divisionId],
    selfServed: ended ? conversation.selfServed : undefined,
    mediaStatsMinConversationMos: conversation.transcripts.length > 0 && ended ? 4.882 : undefined,
    evaluations: evaluations.length === 0 ? undefined : evaluations,
    surveys: surveys.length === 0 ? undefined : surveys,
    participants: conversation.participants.flatMap(participant => {
      const shown = participantOf(participant, at, attributes)
      return shown === undefined ? [] : [shown]
    }),
  })
}

function participantOf(
  participant: Participant,
  at: number,
  attributes: boolean,
): Models.AnalyticsParticipant | undefined {
  const sessions = participant.sessions.flatMap(session => {
    const segments = session.segments.filter(segment => segment.from <= at)
    return segments.length === 0 ? [] : [sessionOf(session, segments, participant.purpose, at)]
  })
  if (sessions.length === 0) return undefined
  return wire<Models.AnalyticsParticipant>({
    participantId: participant.id,
    participantName: participant.name,
    purpose: participant.purpose,
    userId: participant.userId,
    externalContactId: participant.externalContactId,
    attributes: attributes ? (participant.attributes ?? {}) : undefined,
    sessions,
  })
}

const sessionOf = (
  session: Session,
  segments: readonly Segment[],
  purpose: Participant['purpose'],
  at: number,
): Models.AnalyticsSession =>
  wire<Models.AnalyticsSession>({
    sessionId: session.id,
    mediaType: session.mediaType,
    messageType: session.messageType,
    direction: session.direction,
    provider: session.provider,
    ani: session.ani,
    dnis: session.dnis,
    sessionDnis: session.dnis,
    addressFrom: session.addressFrom,
    addressTo: session.addressTo,
    remote: session.remote,
    peerId: session.peerId,
    recording: session.recording,
    callbackNumbers: session.callbackNumbers === undefined ? undefined : [...session.callbackNumbers],
    callbackUserName: session.callbackUserName,
    requestedRoutings: purpose === 'acd' || purpose === 'agent' ? ['Standard'] : undefined,
    usedRouting: purpose === 'agent' ? 'Standard' : undefined,
    flow: session.flow === undefined ? undefined : flowOf(session.flow),
    segments: segments.map(segment => segmentOf(segment, at)),
    metrics: metricsOf(segments, purpose, at),
  })

function segmentOf(segment: Segment, at: number): Models.AnalyticsConversationSegment {
  const ended = hasEnded(segment, at)
  return wire<Models.AnalyticsConversationSegment>({
    segmentType: segment.type,
    segmentStart: iso(segment.from),
    segmentEnd: ended ? iso(segment.to) : undefined,
    queueId: segment.queueId,
    disconnectType: ended ? segment.disconnectType : undefined,
    subject: segment.subject,
    destinationSessionId: ended ? segment.destinationSessionId : undefined,
    conference: false,
    wrapUpCode: ended ? segment.wrapUp?.code : undefined,
    wrapUpNote: ended ? segment.wrapUp?.note : undefined,
  })
}

const hasEnded = (segment: Segment, at: number) => segment.to <= at && (segment.wrapUp?.shownFrom ?? 0) <= at

const flowOf = (flow: Flow): Models.AnalyticsFlow =>
  wire<Models.AnalyticsFlow>({
    flowId: flow.id,
    flowName: flow.name,
    flowType: flow.type,
    flowVersion: '3.0',
    entryType: 'dnis',
    exitReason: flow.exitReason,
    transferType: flow.transferType,
    transferTargetName: flow.transferTargetName,
    startingLanguage: flow.language,
    endingLanguage: flow.language,
  })

/** The metrics that Genesys emits when a segment ends, values in milliseconds or counts. */
function metricsOf(segments: readonly Segment[], purpose: string, at: number): Models.AnalyticsSessionMetric[] {
  const metrics: Models.AnalyticsSessionMetric[] = []
  const emit = (name: string, ms: number, value: number) => metrics.push({ name, emitDate: iso(ms), value })
  let handleMs = 0
  for (const segment of segments) {
    if (!hasEnded(segment, at)) continue
    const ms = segment.to - segment.from
    if (purpose === 'agent' && segment.type !== 'alert') handleMs += ms
    if (purpose === 'acd') {
      emit('nOffered', segment.from, 1)
      emit('tAcd', segment.to, ms)
      if (segment.disconnectType === 'peer') emit('tAbandon', segment.to, ms)
    } else if (segment.type === 'ivr') emit('tIvr', segment.to, ms)
    else if (purpose !== 'agent') continue
    else if (segment.type === 'alert') emit('tAlert', segment.to, ms)
    else if (segment.type === 'interact') emit('tTalk', segment.to, ms)
    else if (segment.type === 'hold') emit('tHeld', segment.to, ms)
    else if (segment.type === 'wrapup') {
      emit('tAcw', segment.to, ms)
      emit('tHandle', segment.to, handleMs)
    }
    if (segment.transfer !== undefined) {
      emit('nTransferred', segment.to, 1)
      emit(segment.transfer === 'blind' ? 'nBlindTransferred' : 'nConsultTransferred', segment.to, 1)
    }
  }
  return metrics
}
