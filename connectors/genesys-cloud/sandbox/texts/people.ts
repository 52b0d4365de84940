/** Agents of the invented organization. */
export const agents = [
  'Ada Brennan',
  'Bruno Castell',
  'Chiara Donato',
  'Dmitri Evans',
  'Esther Fofana',
  'Farid Ghanem',
  'Greta Holm',
  'Hiro Ishida',
  'Imani Jones',
  'Jonas Keller',
  'Kavya Laghari',
  'Luis Montoya',
] as const

/** Customers of the invented organization. */
export const customers = [
  'Alex Norwood',
  'Beatriz Otero',
  'Caleb Price',
  'Dana Quist',
  'Elif Roth',
  'Francis Shaw',
  'Gemma Tran',
  'Hugo Umar',
  'Ines Vogel',
  'Jamal Watts',
  'Keiko Yano',
  'Lena Zeller',
  'Mateo Abbas',
  'Nora Birch',
  'Omar Cole',
  'Priya Dunn',
] as const

export const evaluationQuestions = {
  Opening: ['Greeted the customer and gave a name', 'Understood the request'],
  Solution: ['Gave correct information', 'Took ownership of the request', 'Offered further help'],
} as const
