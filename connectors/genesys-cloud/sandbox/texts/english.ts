import type { Domain, Phrases } from './domain.ts'

export const englishPhrases: Phrases = {
  greeting: [
    'Thank you for calling Meridian, my name is {agent}. How can I help you today?',
    'Hello, you are speaking with {agent} at Meridian. What can I do for you?',
    'Good day, this is {agent}. How may I help?',
  ],
  goodbye: [
    ['agent', 0.4, 'Is there anything else I can do for you?', 'Can I help you with anything else?'],
    ['customer', 0.7, 'No, that was all. Thank you.', 'That is everything, thanks a lot for your help.'],
    ['agent', 0.6, 'You are welcome, {customer}. Have a good day.', 'My pleasure. Goodbye.'],
  ],
  hold: [
    [
      'agent',
      0,
      'May I put you on hold for a moment while I check that?',
      'Bear with me, I will put you on a brief hold.',
    ],
    ['customer', 0, 'Sure, go ahead.', 'Okay, but please not too long.'],
  ],
  backFromHold: [['agent', 0.3, 'Thank you for holding, {customer}.', 'Thanks for your patience, I am back.']],
  handover: [
    ['agent', 0, 'I will transfer you to {secondQueue}, they can finish this for you.'],
    ['customer', -0.3, 'Alright, as long as I do not have to explain it all again.', 'Fine, please do.'],
  ],
  takeover: [
    ['agent', 0.2, 'Hello {customer}, this is {otherAgent} from {secondQueue}. I have read the notes of my colleague.'],
    ['customer', 0.1, 'Good, then you know what this is about.'],
    ['agent', 0.4, 'I do, and I have just approved it. You will get a confirmation by e-mail.'],
  ],
  outbound: [
    ['agent', 0.2, 'Hello, this is {agent} from Meridian. Am I speaking with {customer}?'],
    ['customer', 0, 'Yes, that is me. What is it about?'],
  ],
}

export const englishDomains: readonly Domain[] = [
  {
    key: 'order-status',
    language: 'en-US',
    queue: 'Order Support',
    secondQueue: 'Logistics Desk',
    slots: {
      order: ['A-20391', 'A-20817', 'B-11406', 'B-11932', 'C-70254'],
      item: ['coffee grinder', 'desk lamp', 'pair of hiking boots', 'office chair'],
      day: ['Tuesday', 'Wednesday', 'Friday'],
      city: ['Columbus', 'Reno', 'Louisville'],
    },
    lines: [
      [
        'customer',
        -0.3,
        'I ordered a {item} two weeks ago and it still has not arrived.',
        'My {item} should have been here last week.',
      ],
      [
        'agent',
        -0.1,
        'I am sorry about that. Could you give me the order number?',
        'That should not happen. What is the order number, please?',
      ],
      ['customer', 0, 'It is {order}.', 'Let me look. {order}.'],
      ['agent', 0.1, 'Thank you. I see that the parcel has been in our depot in {city} since Monday.'],
      ['customer', -0.5, 'Why did nobody tell me?', 'The tracking page has shown the same line for days.'],
      ['agent', 0.3, 'The carrier lost the label. It has a new one now and will be with you on {day}.'],
      ['customer', 0.5, '{day} works for me.', 'That is good to hear.'],
    ],
    tool: {
      name: 'order_lookup',
      afterLine: 3,
      arguments: { orderNumber: '{order}' },
      found: { orderNumber: '{order}', status: 'in_depot', depot: '{city}', expectedDay: '{day}' },
    },
    bot: {
      intent: 'order_status',
      opening: 'Hi, I am the Meridian assistant. What can I help you with?',
      questions: [
        { ask: 'Which order is it about?', answer: '{order}', slot: 'order' },
        { ask: 'And the delivery city?', answer: '{city}', slot: 'city' },
      ],
      solved: 'Your {item} is on its way and should arrive on {day}.',
      handover: 'I could not find a delivery date for {order}. Let me get a colleague.',
    },
    mail: {
      subject: 'Where is my order {order}?',
      question:
        'Hello,\n\nI have been waiting for the {item} of order {order} for two weeks. Can you tell me where it is?\n\nKind regards,\n{customer}',
      answer:
        'Dear {customer},\n\nyour parcel was held up in {city}. It has left the depot and will arrive on {day}.\n\nBest wishes,\n{agent}',
      thanks: 'Thanks, that helps.\n\n{customer}',
    },
    wrapUps: ['Resolved', 'Delivery delayed'],
    note: 'Parcel {order} relabelled, new delivery day {day}.',
    summary: {
      text: 'The customer asked about order {order} ({item}), late by a week. The parcel was held in {city} and arrives on {day}.',
      reason: 'Late delivery',
      resolution: 'New delivery day {day} confirmed',
    },
  },
  {
    key: 'billing',
    language: 'en-US',
    queue: 'Billing',
    secondQueue: 'Refunds Desk',
    slots: {
      invoice: ['INV-88120', 'INV-88341', 'INV-90077', 'INV-90512'],
      amount: ['$49.90', '$84.50', '$132.00', '$17.25'],
      month: ['March', 'June', 'September', 'October'],
    },
    lines: [
      [
        'customer',
        -0.6,
        'I was charged {amount} twice in {month}.',
        'There are two charges of {amount} on my card for {month}.',
      ],
      [
        'agent',
        0,
        'Let me look at that. Do you have the invoice number?',
        'I will check. What does the invoice number say?',
      ],
      ['customer', 0, '{invoice}.', 'It says {invoice} at the top.'],
      ['agent', -0.1, 'You are right, {invoice} was collected twice. The first attempt had timed out on our side.'],
      ['customer', -0.5, 'That is not very reassuring.', 'I would like that money back.'],
      ['agent', 0.4, 'I have ordered a refund of {amount}. It takes three to five business days.'],
      ['customer', 0.4, 'Alright, please send me that in writing.', 'Okay, thank you for sorting it out.'],
    ],
    tool: {
      name: 'invoice_lookup',
      afterLine: 3,
      arguments: { invoice: '{invoice}' },
      found: { invoice: '{invoice}', amount: '{amount}', collections: '2' },
    },
    bot: {
      intent: 'billing_question',
      opening: 'Welcome to Meridian billing. How can I help?',
      questions: [
        { ask: 'What is the invoice number?', answer: '{invoice}', slot: 'invoice' },
        { ask: 'Which month is it about?', answer: '{month}', slot: 'month' },
      ],
      solved: 'Invoice {invoice} over {amount} is paid, there is nothing left to do.',
      handover: 'That needs a person. I am connecting you with billing.',
    },
    mail: {
      subject: 'Charged twice: {invoice}',
      question:
        'Hi,\n\ninvoice {invoice} over {amount} was taken from my account twice in {month}. Please refund one of them.\n\n{customer}',
      answer:
        'Dear {customer},\n\nwe have refunded {amount}. It should reach you within five business days.\n\n{agent}',
      thanks: 'Thank you for the quick reply!\n{customer}',
    },
    wrapUps: ['Resolved', 'Refund ordered'],
    note: 'Double collection of {invoice}, refund of {amount} ordered.',
    summary: {
      text: 'The customer was charged {amount} twice for {invoice}. The agent found a timed-out collection and ordered a refund.',
      reason: 'Charged twice',
      resolution: 'Refund of {amount} ordered',
    },
  },
  {
    key: 'card-lost',
    language: 'en-US',
    queue: 'Card Services',
    secondQueue: 'Fraud Desk',
    slots: {
      card: ['4417', '9023', '5518', '7740'],
      place: ['on the train', 'at the airport', 'in a restaurant', 'at the gym'],
      days: ['three', 'four', 'five'],
    },
    lines: [
      [
        'customer',
        -0.7,
        'I lost my card {place} and I am worried that somebody uses it.',
        'My card is gone, I think I left it {place}.',
      ],
      [
        'agent',
        0.1,
        'I will block it right away. What are the last four digits?',
        'Let us block it first. Can you tell me the last four digits?',
      ],
      ['customer', 0, '{card}.', 'They are {card}.'],
      ['agent', 0.4, 'The card ending in {card} is blocked now. Do you recognize all payments since yesterday?'],
      ['customer', 0.1, 'I think so. I only bought groceries.', 'Yes, there is nothing strange.'],
      ['agent', 0.4, 'Good. A new card will be in your mailbox in {days} business days.'],
      ['customer', 0.5, 'That is a relief.', 'Thank you, I can live with that.'],
    ],
    tool: {
      name: 'block_card',
      afterLine: 3,
      arguments: { lastFour: '{card}', reason: 'lost' },
      found: { lastFour: '{card}', state: 'blocked', replacementDays: '{days}' },
    },
    bot: {
      intent: 'card_lost',
      opening: 'This is Meridian card services. What happened?',
      questions: [
        { ask: 'What are the last four digits of your card?', answer: '{card}', slot: 'card' },
        { ask: 'Where did you last have it?', answer: '{place}', slot: 'place' },
      ],
      solved: 'I have blocked the card ending in {card}. A new one is on its way.',
      handover: 'For your safety a colleague takes over from here.',
    },
    mail: {
      subject: 'Lost card ending in {card}',
      question:
        'Hello,\n\nI lost my card ending in {card} {place}. Please block it and send me a new one.\n\n{customer}',
      answer: 'Dear {customer},\n\nthe card is blocked. The new one arrives in {days} business days.\n\n{agent}',
      thanks: 'Great, thank you.\n{customer}',
    },
    wrapUps: ['Resolved', 'Card blocked'],
    note: 'Card {card} blocked, replacement ordered.',
    summary: {
      text: 'The customer lost the card ending in {card} {place}. The agent blocked it and ordered a replacement.',
      reason: 'Lost card',
      resolution: 'Card blocked and replaced',
    },
  },
  {
    key: 'appointment',
    language: 'en-US',
    queue: 'Appointments',
    secondQueue: 'Clinic Desk',
    slots: {
      doctor: ['Dr. Okafor', 'Dr. Lindqvist', 'Dr. Marsh', 'Dr. Patel'],
      day: ['Monday', 'Thursday', 'Friday'],
      newDay: ['the following Tuesday', 'the following Wednesday'],
      hour: ['half past eight', 'ten', 'a quarter past two'],
    },
    lines: [
      [
        'customer',
        0,
        'I need to move my appointment with {doctor}.',
        'I have an appointment with {doctor} on {day} and cannot make it.',
      ],
      ['agent', 0.2, 'Of course. Which day is it on at the moment?', 'No problem. When is it now?'],
      ['customer', 0, 'It is on {day}.', '{day}, in the morning.'],
      ['agent', 0.2, '{doctor} has time on {newDay} at {hour}. Would that suit you?'],
      ['customer', 0.3, '{hour} is fine.', 'Yes, that works much better.'],
      ['agent', 0.4, 'Then I have you down for {newDay} at {hour}. Please bring your insurance card.'],
    ],
    tool: {
      name: 'find_slots',
      afterLine: 2,
      arguments: { doctor: '{doctor}', notOn: '{day}' },
      found: { doctor: '{doctor}', day: '{newDay}', hour: '{hour}' },
    },
    bot: {
      intent: 'move_appointment',
      opening: 'Hello! I can help you with appointments.',
      questions: [
        { ask: 'Which doctor is the appointment with?', answer: '{doctor}', slot: 'doctor' },
        { ask: 'Which day is it on?', answer: '{day}', slot: 'day' },
      ],
      solved: 'Done: {doctor} will see you on {newDay} at {hour}.',
      handover: '{doctor} has no free slot that I may book. I will ask the clinic desk to help you.',
    },
    mail: {
      subject: 'Moving my appointment with {doctor}',
      question: 'Good morning,\n\nI cannot come on {day}. Is there another time with {doctor}?\n\nBest,\n{customer}',
      answer: 'Dear {customer},\n\n{doctor} can see you on {newDay} at {hour}.\n\n{agent}',
      thanks: 'Perfect, I will be there.\n{customer}',
    },
    wrapUps: ['Resolved', 'Appointment moved'],
    note: 'Moved from {day} to {newDay}, {hour}.',
    summary: {
      text: 'The customer moved an appointment with {doctor} from {day} to {newDay} at {hour}.',
      reason: 'Cannot make the appointment',
      resolution: 'Moved to {newDay}',
    },
  },
  {
    key: 'internet-outage',
    language: 'en-US',
    queue: 'Technical Support',
    secondQueue: 'Field Service',
    slots: {
      street: ['Alder Street', 'Quarry Road', 'Lakeview Drive'],
      light: ['red', 'orange', 'blinking'],
      slot: ['between eight and ten', 'between noon and two', 'after four'],
    },
    lines: [
      [
        'customer',
        -0.7,
        'My internet has been down since this morning.',
        'I work from home and nothing goes through since seven.',
      ],
      [
        'agent',
        0.1,
        'Let us find out why. What color is the light on your router?',
        'I understand. Is the light on the router on?',
      ],
      ['customer', -0.1, 'It is {light}.', 'The line light is {light}.'],
      ['agent', 0, 'Please unplug the router, count to thirty, and plug it in again.'],
      ['customer', -0.5, 'I have done that twice already.', 'Still {light}, nothing has changed.'],
      [
        'agent',
        0.2,
        'Then the fault is outside your home. There is a damaged line in {street}, and I have booked a technician {slot}.',
      ],
      ['customer', 0.3, 'I will be at home.', 'Good, at least I know what it is now.'],
    ],
    tool: {
      name: 'line_test',
      afterLine: 5,
      arguments: { street: '{street}' },
      found: { street: '{street}', state: 'damaged', technician: '{slot}' },
    },
    bot: {
      intent: 'internet_down',
      opening: 'Meridian technical support, I am the virtual assistant. What is wrong?',
      questions: [
        { ask: 'What color is the light on your router?', answer: '{light}', slot: 'light' },
        { ask: 'Which street do you live in?', answer: '{street}', slot: 'street' },
      ],
      solved: 'There is a known outage in {street}. It should be repaired {slot}.',
      handover: 'I see nothing wrong from here. A technician will take a look with you.',
    },
    mail: {
      subject: 'No internet in {street}',
      question:
        'Hello support,\n\nthe router light is {light} and we have had no internet since this morning. We live in {street}.\n\n{customer}',
      answer: 'Hello {customer},\n\na line in {street} is damaged. A technician comes {slot}.\n\n{agent}',
      thanks: 'It works again. Thank you!\n{customer}',
    },
    wrapUps: ['Technician booked', 'Known outage'],
    note: 'Damaged line in {street}, technician {slot}.',
    summary: {
      text: 'The customer has had no internet since the morning; the router light is {light}. A line in {street} is damaged, a technician comes {slot}.',
      reason: 'Internet outage',
      resolution: 'Technician booked {slot}',
    },
  },
  {
    key: 'hotel-change',
    language: 'en-US',
    queue: 'Reservations',
    secondQueue: 'Guest Relations',
    slots: {
      hotel: ['the Harbour House', 'the Old Mill Inn', 'the Northgate'],
      nights: ['two', 'three', 'four'],
      room: ['a quiet room', 'a room with a balcony', 'a twin room'],
    },
    lines: [
      [
        'customer',
        0.1,
        'I have booked {nights} nights at {hotel} and would like {room}.',
        'It is about my booking at {hotel}, I would like to change the room.',
      ],
      ['agent', 0.3, 'Gladly. Which name is the booking under?', 'Let me see. On which name did you book?'],
      ['customer', 0, '{customer}.', 'On {customer}.'],
      ['agent', 0.3, 'I found it. There is {room} left, at the same price.'],
      ['customer', 0.7, 'Wonderful, please take it.', 'Oh, that is lovely. Yes please.'],
      ['agent', 0.5, 'It is yours for all {nights} nights.'],
    ],
    tool: {
      name: 'room_search',
      afterLine: 3,
      arguments: { hotel: '{hotel}', wish: '{room}' },
      found: { hotel: '{hotel}', room: '{room}', surcharge: '0' },
    },
    bot: {
      intent: 'change_booking',
      opening: 'Welcome to Meridian reservations.',
      questions: [
        { ask: 'Which hotel have you booked?', answer: '{hotel}', slot: 'hotel' },
        { ask: 'What would you like to change?', answer: 'I would like {room}', slot: 'room' },
      ],
      solved: 'I have put you into {room} at {hotel}.',
      handover: 'I have to ask the house itself. One moment, a colleague is with you soon.',
    },
    mail: {
      subject: 'My stay at {hotel}',
      question:
        'Dear team,\n\nwe stay {nights} nights at {hotel}. Would {room} be possible?\n\nWarm regards,\n{customer}',
      answer: 'Dear {customer},\n\n{room} is reserved for you.\n\n{agent}',
      thanks: 'How kind, we are looking forward to it.\n{customer}',
    },
    wrapUps: ['Resolved', 'Booking changed'],
    note: 'Changed to {room}.',
    summary: {
      text: 'The customer asked for {room} during {nights} nights at {hotel} and got it without surcharge.',
      reason: 'Change of booking',
      resolution: 'Room changed',
    },
  },
]
