"""The kinds of alerts, and what each is called."""

TITLES = {
    "blocked": "Meta blocks the Page",
    "warned": "Meta warned the Page",
    "page_held": "Meta throttles the Page",
    "webhook": "Webhooks do not arrive",
    "refused": "Sends are refused",
    "tokens_die": "Tokens are about to die",
    "topic_dry": "A topic is about to run dry",
    "approval": "A campaign waits for approval",
    "rules": "Rules were not verified lately",
}
"""Kind → title, the most urgent first."""
