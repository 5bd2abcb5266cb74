/** Lets a person see the password being typed, and says in words how strong a new one is. */

for (const button of document.querySelectorAll('[data-reveal]')) {
  const input = document.getElementById(button.dataset.reveal)
  const show = (visible) => {
    input.type = visible ? 'text' : 'password'
    button.textContent = visible ? button.dataset.hide : button.dataset.show
    button.setAttribute('aria-label', visible ? button.dataset.hideLabel : button.dataset.showLabel)
  }
  button.hidden = false
  button.addEventListener('click', () => show(input.type === 'password'))
  // Browsers offer to save only what is sent as a password.
  input.form.addEventListener('submit', () => show(false))
}

for (const output of document.querySelectorAll('[data-strength]')) {
  const input = document.getElementById(output.dataset.strength)
  input.addEventListener('input', () => {
    const length = [...input.value].length
    const kinds = new Set(input.value.toLowerCase()).size
    const strength = length < 10 || kinds < 5 ? 'weak' : length < 14 || kinds < 8 ? 'fair' : 'strong'
    output.textContent = length === 0 ? '' : output.dataset[strength]
  })
}
