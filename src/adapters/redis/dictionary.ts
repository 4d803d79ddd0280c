/**
 * What executions and steps have in common, the most frequent last. Packed ones refer to it by position, so
 * it never changes: a better one would be a second one, with a number of its own.
 */
export const dictionary = [
  '"mode":"stepwise","status":"ended","reason":"completed","at":17,"reason":"failed","reason":"api","reason":"expired",',
  '"type":"effect","effect":{"type":"send-message","id":"FN00","type":"step"},"inline":{"name":"","requestId":"","handOver":true,',
  '"problems":[{"code":81002,"message":"The message ","at":17,"widget":"","stepSid":"FT00","eventId":"IM"}],"code":null,',
  '"teardown":{"tasks":[{"type":"remove-webhook","conversationSid":"CH","serviceSid":"IS","certain":true},',
  '{"type":"close-conversation","conversationSid":"CH","serviceSid":null,"certain":true}],"attempts":0,"nextAt":17,"lastError":null}',
  '{"sid":"FN00","accountSid":"AC","flowSid":"FW","flowRevision":1,"mode":"flow","createdAt":17,"to":"+1","from":"+1",',
  '"contactSid":"FC","initiatedBy":"RQ","triggeredBy":"incomingRequest","status":"active","updatedAt":17,',
  '"frames":[{"flowSid":"FW","revision":1,"widget":"","enteredAt":17,"visit":1,"requests":1}],',
  '"pause":{"type":"reply","token":"","afterIndex":1,"since":17,"until":17,"memory":{"outbound":{"Sid":"IM',
  '"context":{"trigger":{"request":{"to":"+1","from":"+1","parameters":{"conversation_sid":"CH","service_sid":"IS","name":"',
  '"contact":{"channel":{"address":"+1","address":"whatsapp:+"}},"flow":{"sid":"FN00","flow_sid":"FW',
  '"channel":{"address":"+1","sid":"CH","type":"conversation","status":"active","details":{"chat_service_sid":"IS',
  '"friendly_name":"","participants":[{"sid":"MB","identity":null,"attributes":"{}","role_sid":"RL',
  '"messaging_binding":{"address":"+1","proxy_address":"+1"}}],"webhook_sid":"WH"}},"data":{"},"variables":{}},"widgets":{"',
  '{"conversation":{"sid":"CH","state":"active","friendly_name":null,"unique_name":null,"attributes":"{}","chat_service_sid":"IS',
  '"messaging_service_sid":"MG","date_created":"2026-01-01T00:00:00Z","date_updated":"2026-01-01T00:00:00Z","participants":[{"sid":"MB',
  '"webhook_sid":"WH","close_channel_on_execution_end":false,"close_channel_on_execution_end":true}}},',
  '"contextSize":1,"unrecorded":[],"visitCount":1,"stepCount":1,"streak":{"widget":"","length":1},"attachments":[{"conversationSid":"CH","serviceSid":"IS',
  '"attached":true,"close":true,"visit":1}],"problems":[],"end":null,"teardown":null}',
  '"next":null,"requestId":"","type":"set-variables","transition":"next","type":"run-function","type":"make-http-request",',
  '"type":"send-message","transition":"sent","type":"split-based-on","transition":"match","transition":"noMatch",',
  '"transition":"timeout","transition":"failed","transition":"deliveryFailure","next":"Ended",',
  '[{"sid":"FT00","number":0,"parentSid":null,"widget":"Trigger","type":"trigger","transition":"incomingRequest","next":"',
  '"writes":[{"path":["trigger"],"value":{"request":{"path":["contact"],"value":{"channel":{"path":["flow"],"value":{"sid":"FN00',
  '{"path":["flow","channel"],"value":{"address":"{"path":["flow","variables","{"path":["widgets"],"value":{}}]},',
  '"type":"resume-conversation","transition":"resumed","next":"","enteredAt":17,"leftAt":17,"writes":[{"path":["widgets","',
  '{"sid":"FT00","number":1,"parentSid":"FT00","type":"send-and-wait-for-reply","transition":"incomingMessage","next":"',
  '"enteredAt":17,"leftAt":17,"writes":[{"path":["widgets",""],"value":{"outbound":{"Sid":"IM","ConversationSid":"CH","Body":"',
  '","Author":"+1","Index":1,"Attributes":"{}","ParticipantSid":"MB","ParticipantSid":null,"DateCreated":"2026-01-01T00:00:00Z"},',
  '"inbound":{"EventType":"onMessageAdded","AccountSid":"AC","ChatServiceSid":"IS","MessagingServiceSid":"MG","RetryCount":"0",',
  '"ConversationSid":"CH","MessageSid":"IM","ParticipantSid":"MB","Index":"1","DateCreated":"2026-01-01T00:00:00.000Z",',
  '"Author":"+1","Body":"","Source":"SMS","Source":"WHATSAPP","Attributes":"{}"}}'
].join('')
