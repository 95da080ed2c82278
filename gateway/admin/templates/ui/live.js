"use strict";
// The code of an invitation stands in the fragment, which no server gets. It goes into the form, and out of
// the address: a bookmark or a look over the shoulder must not hold it.
const invitation = document.querySelector("input[data-invitation]");
if (invitation && location.hash.length > 1) {
  invitation.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}
