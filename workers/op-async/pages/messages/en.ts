import { type Sentence, commonWords, wait } from '../../../../shared/pages/words.ts'

/** What the pages of this Worker say, in English. The other catalogues have this type. */
export const en = {
  ...commonWords,

  facts: {
    asked: 'Asked',
    from: 'From',
    unknownPlace: 'an unknown place',
  },

  enterCode: {
    heading: 'Connect a device',
    text: 'Enter the code that your device shows.',
    label: 'Code',
    hint: 'Eight letters. Dashes, spaces and capitals do not matter.',
    submit: 'Continue',
    problem: {
      wrong: () => ['That code is not right.', 'Compare it with your device. A code lasts ten minutes and works once.'],
      over: () => ['That code is no longer valid.', 'It was used or has expired. Start again on your device.'],
      throttled: (seconds: number | undefined) => ['There were too many attempts.', `Try again ${wait(seconds)}.`],
    } satisfies Record<string, (seconds: number | undefined) => readonly [what: string, todo: string]>,
  },

  confirmDevice: {
    title: (client: string) => `Connect ${client}?`,
    heading: <Part>(client: Part): Sentence<Part> => ['Connect ', client, '?'],
    compare: 'Does your device show this code?',
    warning:
      'Go on only if you started this yourself and have the device in front of you. If somebody sent you this link or this code, deny it: they would get into your account.',
    asks: <Part>(client: Part): Sentence<Part> => [client, ' would like to'],
    allow: 'Allow',
    deny: 'Deny',
  },

  deviceDone: {
    allowed: 'Your device is connected',
    allowedText: <Part>(client: Part): Sentence<Part> => [client, ' goes on by itself. You can close this page.'],
    denied: 'Nothing was allowed',
    deniedText: <Part>(client: Part): Sentence<Part> => [client, ' gets no access. You can close this page.'],
    account: 'Your account',
  },

  approvals: {
    heading: 'Requests for you',
    none: 'Nothing waits for you.',
    reload: 'Look again',
    asks: <Part>(client: Part): Sentence<Part> => [client, ' asks you to confirm'],
    message: 'Compare with what the application shows:',
    warning: 'Approve only what you expect. If you did not start this, deny it.',
    approve: 'Approve',
    deny: 'Deny',
    approveFor: (client: string) => `Approve the request of ${client}`,
    denyFor: (client: string) => `Deny the request of ${client}`,
    stop: (client: string) => `No more requests from ${client}`,
    stopped: 'Applications that may not ask you',
    since: <Part>(time: Part): Sentence<Part> => ['Since ', time],
    resume: 'Allow again',
    resumeFor: (client: string) => `Allow again: ${client}`,
    code: 'Your request code',
    codeText:
      'With a code, only those who know it can send you requests. You tell it to an application when you want it to ask you.',
    codeSet: 'A code is needed to send you requests.',
    codeLabel: 'New code',
    codeHint: '4 to 32 letters or digits.',
    codeSave: 'Set code',
    codeRemove: 'Remove the code',
    notice: {
      approved: 'Approved.',
      denied: 'Denied.',
      over: 'That request is over: it was decided before or has expired.',
      stopped: 'That application cannot ask you any more.',
      resumed: 'That application may ask you again.',
      code_set: 'Your request code is set.',
      code_removed: 'Your request code is removed.',
      code_wrong: 'A code has 4 to 32 letters or digits.',
    },
  },
}

export type Messages = typeof en
