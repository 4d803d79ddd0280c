/** The long form, for nights: `npm run test:nightly`. */
export const nightly = process.env.PROFILE === 'nightly'
