/** Sends the form that carries an answer to the client (response_mode=form_post). */
document.forms[0].requestSubmit()
