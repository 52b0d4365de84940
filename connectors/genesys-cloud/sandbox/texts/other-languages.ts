import type { Domain, Phrases } from './domain.ts'

export const otherPhrases: Readonly<Record<'es-ES' | 'de-DE' | 'fr-FR', Phrases>> = {
  'es-ES': {
    greeting: [
      'Buenos días, le atiende {agent} de Meridian. ¿En qué puedo ayudarle?',
      'Hola, soy {agent}. ¿Qué puedo hacer por usted?',
    ],
    goodbye: [
      ['agent', 0.4, '¿Puedo ayudarle en algo más?', '¿Necesita alguna otra cosa?'],
      ['customer', 0.7, 'No, eso era todo. Muchas gracias.', 'Nada más, muy amable.'],
      ['agent', 0.6, 'Gracias a usted. Que tenga un buen día.'],
    ],
    hold: [
      ['agent', 0, '¿Le importa esperar un momento mientras lo compruebo?'],
      ['customer', 0, 'Claro, espero.', 'De acuerdo, pero que no sea mucho.'],
    ],
    backFromHold: [['agent', 0.3, 'Gracias por esperar.', 'Ya estoy de nuevo con usted.']],
    handover: [
      ['agent', 0, 'Le paso con {secondQueue}, ellos pueden terminar la gestión.'],
      ['customer', -0.2, 'Está bien, gracias.'],
    ],
    takeover: [
      ['agent', 0.2, 'Hola, le habla {otherAgent} de {secondQueue}. Ya he leído las notas de mi compañero.'],
      ['customer', 0.1, 'Perfecto, entonces ya sabe de qué se trata.'],
      ['agent', 0.4, 'Sí, lo acabo de aprobar. Recibirá la confirmación por correo.'],
    ],
    outbound: [
      ['agent', 0.2, 'Buenos días, soy {agent} de Meridian. ¿Hablo con {customer}?'],
      ['customer', 0, 'Sí, soy yo. ¿De qué se trata?'],
    ],
  },
  'de-DE': {
    greeting: [
      'Meridian, guten Tag, mein Name ist {agent}. Was kann ich für Sie tun?',
      'Guten Tag, Sie sprechen mit {agent}. Wie kann ich helfen?',
    ],
    goodbye: [
      ['agent', 0.4, 'Kann ich sonst noch etwas für Sie tun?', 'Haben Sie noch eine Frage?'],
      ['customer', 0.7, 'Nein, das war alles. Vielen Dank.', 'Danke, Sie haben mir sehr geholfen.'],
      ['agent', 0.6, 'Gern geschehen. Auf Wiederhören.'],
    ],
    hold: [
      ['agent', 0, 'Darf ich Sie kurz in die Warteschleife legen? Ich prüfe das.'],
      ['customer', 0, 'Ja, natürlich.', 'Gut, aber bitte nicht zu lange.'],
    ],
    backFromHold: [['agent', 0.3, 'Danke, dass Sie gewartet haben.', 'Da bin ich wieder.']],
    handover: [
      ['agent', 0, 'Ich verbinde Sie mit {secondQueue}, dort kann man das abschließen.'],
      ['customer', -0.3, 'Na gut, hoffentlich muss ich nicht alles noch einmal erzählen.'],
    ],
    takeover: [
      ['agent', 0.2, 'Guten Tag, hier ist {otherAgent} von {secondQueue}. Die Notizen habe ich schon gelesen.'],
      ['customer', 0.1, 'Gut, dann wissen Sie ja Bescheid.'],
      ['agent', 0.4, 'Ja, und es ist bereits freigegeben. Die Bestätigung kommt per E-Mail.'],
    ],
    outbound: [
      ['agent', 0.2, 'Guten Tag, {agent} von Meridian. Spreche ich mit {customer}?'],
      ['customer', 0, 'Ja, am Apparat. Worum geht es?'],
    ],
  },
  'fr-FR': {
    greeting: [
      'Meridian bonjour, {agent} à votre écoute. Que puis-je faire pour vous ?',
      'Bonjour, ici {agent}. Comment puis-je vous aider ?',
    ],
    goodbye: [
      ['agent', 0.4, 'Puis-je vous aider pour autre chose ?'],
      ['customer', 0.7, "Non, c'est tout. Merci beaucoup.", 'Non merci, vous avez été très aimable.'],
      ['agent', 0.6, 'Je vous en prie. Bonne journée.'],
    ],
    hold: [
      ['agent', 0, 'Je vous mets en attente un instant, le temps de vérifier.'],
      ['customer', 0, "D'accord, je patiente."],
    ],
    backFromHold: [['agent', 0.3, "Merci d'avoir patienté."]],
    handover: [
      ['agent', 0, 'Je vous transfère à {secondQueue}, qui pourra terminer.'],
      ['customer', -0.2, "Bon, d'accord."],
    ],
    takeover: [
      ['agent', 0.2, "Bonjour, {otherAgent} de {secondQueue}. J'ai lu les notes de ma collègue."],
      ['customer', 0.1, 'Très bien, vous savez donc de quoi il s’agit.'],
      ['agent', 0.4, 'Oui, je viens de valider. Vous recevrez une confirmation par courriel.'],
    ],
    outbound: [
      ['agent', 0.2, 'Bonjour, {agent} de Meridian. Vous êtes bien {customer} ?'],
      ['customer', 0, "Oui, c'est moi. C'est à quel sujet ?"],
    ],
  },
}

export const otherDomains: readonly Domain[] = [
  {
    key: 'internet-outage-es',
    language: 'es-ES',
    queue: 'Soporte técnico',
    secondQueue: 'Averías',
    slots: {
      street: ['la calle Mayor', 'la avenida del Puerto', 'la plaza Nueva'],
      light: ['roja', 'naranja'],
      slot: ['por la mañana', 'a partir de las cuatro'],
    },
    lines: [
      ['customer', -0.7, 'No tengo internet desde esta mañana.', 'Llevo todo el día sin conexión.'],
      ['agent', 0.1, 'Vamos a verlo. ¿De qué color es la luz del router?'],
      ['customer', -0.1, 'Está {light}.'],
      ['agent', 0.2, 'Hay una avería en {street}. Le envío un técnico mañana {slot}.'],
      ['customer', 0.3, 'De acuerdo, estaré en casa.', 'Vale, al menos sé qué pasa.'],
    ],
    tool: {
      name: 'line_test',
      afterLine: 3,
      arguments: { street: '{street}' },
      found: { street: '{street}', state: 'damaged', technician: '{slot}' },
    },
    bot: {
      intent: 'internet_down',
      opening: 'Hola, soy el asistente de Meridian. ¿Qué ocurre?',
      questions: [
        { ask: '¿De qué color es la luz del router?', answer: '{light}', slot: 'light' },
        { ask: '¿En qué calle vive?', answer: '{street}', slot: 'street' },
      ],
      solved: 'Hay una avería conocida en {street}. Se repara mañana {slot}.',
      handover: 'Le paso con un compañero.',
    },
    mail: {
      subject: 'Sin internet en {street}',
      question:
        'Hola:\n\nla luz del router está {light} y no hay conexión desde esta mañana en {street}.\n\n{customer}',
      answer: 'Hola, {customer}:\n\nmañana {slot} irá un técnico.\n\n{agent}',
      thanks: '¡Gracias!\n{customer}',
    },
    wrapUps: ['Technician booked'],
    note: 'Avería en {street}, técnico {slot}.',
    summary: {
      text: 'El cliente no tiene internet. Hay una avería en {street}; va un técnico {slot}.',
      reason: 'Avería de internet',
      resolution: 'Técnico enviado',
    },
  },
  {
    key: 'billing-de',
    language: 'de-DE',
    queue: 'Rechnungsservice',
    secondQueue: 'Buchhaltung',
    slots: {
      invoice: ['RE-40118', 'RE-40562', 'RE-41007'],
      amount: ['49,90 €', '84,50 €'],
      month: ['März', 'Juni', 'Oktober'],
    },
    lines: [
      [
        'customer',
        -0.6,
        'Mir wurden im {month} zweimal {amount} abgebucht.',
        'Auf meinem Konto fehlen zweimal {amount}.',
      ],
      ['agent', 0, 'Das sehe ich mir an. Haben Sie die Rechnungsnummer?'],
      ['customer', 0, '{invoice}.', 'Ja, {invoice}.'],
      ['agent', 0.4, 'Stimmt, die Rechnung wurde doppelt eingezogen. Ich erstatte Ihnen {amount}.'],
      ['customer', 0.4, 'Sehr gut, danke.', 'Wie lange dauert das? Ach, fünf Tage sind in Ordnung.'],
    ],
    tool: {
      name: 'invoice_lookup',
      afterLine: 3,
      arguments: { invoice: '{invoice}' },
      found: { invoice: '{invoice}', amount: '{amount}', collections: '2' },
    },
    bot: {
      intent: 'billing_question',
      opening: 'Willkommen bei Meridian. Worum geht es?',
      questions: [
        { ask: 'Wie lautet die Rechnungsnummer?', answer: '{invoice}', slot: 'invoice' },
        { ask: 'Um welchen Monat geht es?', answer: '{month}', slot: 'month' },
      ],
      solved: 'Die Rechnung {invoice} über {amount} ist bezahlt.',
      handover: 'Das klärt am besten eine Kollegin, ich verbinde Sie.',
    },
    mail: {
      subject: 'Doppelt abgebucht: {invoice}',
      question:
        'Guten Tag,\n\ndie Rechnung {invoice} über {amount} wurde im {month} zweimal abgebucht. Bitte erstatten Sie mir einen Betrag.\n\n{customer}',
      answer: 'Guten Tag {customer},\n\nwir haben Ihnen {amount} erstattet.\n\n{agent}',
      thanks: 'Vielen Dank!\n{customer}',
    },
    wrapUps: ['Refund ordered'],
    note: '{invoice} doppelt eingezogen, {amount} erstattet.',
    summary: {
      text: 'Der Kunde meldet eine doppelte Abbuchung von {amount} ({invoice}). Die Erstattung ist veranlasst.',
      reason: 'Doppelte Abbuchung',
      resolution: 'Erstattung veranlasst',
    },
  },
  {
    key: 'appointment-fr',
    language: 'fr-FR',
    queue: 'Rendez-vous',
    secondQueue: 'Secrétariat',
    slots: {
      doctor: ['la docteure Leroy', 'le docteur Marchand'],
      day: ['lundi', 'jeudi'],
      newDay: ['mardi prochain', 'mercredi prochain'],
      hour: ['neuf heures', 'quatorze heures trente'],
    },
    lines: [
      ['customer', 0, 'Je voudrais déplacer mon rendez-vous avec {doctor}.'],
      ['agent', 0.2, 'Bien sûr. Il est prévu quel jour ?'],
      ['customer', 0, '{day}.', "C'était {day} matin."],
      ['agent', 0.3, 'Je peux vous proposer {newDay} à {hour}.'],
      ['customer', 0.5, 'Parfait, je prends.', 'Oui, cela me convient mieux.'],
    ],
    tool: {
      name: 'find_slots',
      afterLine: 3,
      arguments: { doctor: '{doctor}', notOn: '{day}' },
      found: { doctor: '{doctor}', day: '{newDay}', hour: '{hour}' },
    },
    bot: {
      intent: 'move_appointment',
      opening: 'Bonjour, je suis l’assistant de Meridian.',
      questions: [
        { ask: 'Avec quel médecin avez-vous rendez-vous ?', answer: '{doctor}', slot: 'doctor' },
        { ask: 'Quel jour ?', answer: '{day}', slot: 'day' },
      ],
      solved: 'C’est noté : {newDay} à {hour}.',
      handover: 'Je vous passe une collègue.',
    },
    mail: {
      subject: 'Déplacer mon rendez-vous',
      question: 'Bonjour,\n\nje ne peux pas venir {day}. Y a-t-il une autre date avec {doctor} ?\n\n{customer}',
      answer: 'Bonjour {customer},\n\nnous vous attendons {newDay} à {hour}.\n\n{agent}',
      thanks: 'Merci !\n{customer}',
    },
    wrapUps: ['Appointment moved'],
    note: 'Déplacé à {newDay}, {hour}.',
    summary: {
      text: 'Le client déplace son rendez-vous avec {doctor} de {day} à {newDay}, {hour}.',
      reason: 'Empêchement',
      resolution: 'Rendez-vous déplacé',
    },
  },
]
