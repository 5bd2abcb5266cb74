/** Takes the one step that the page is for: what carries the mark is sent or followed. */
const step = document.querySelector('[data-go-on]')
if (step instanceof HTMLFormElement) step.requestSubmit()
else if (step instanceof HTMLElement) step.click()
