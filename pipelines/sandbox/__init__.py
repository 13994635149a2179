"""A Graph API of our own to play against: it takes messages as Meta would, by rules and a memory of its own.

    server      HTTP on 127.0.0.1: paths, access tokens, answers, dropped connections
    graph       one call on one edge → its answer or a GraphError
    messages    a call's fields → what is to be sent, or the error for its shape
    rules       who may be sent to now, and by which lane
    book        the rule book as the platform reads it
    subscriptions  what the application is subscribed to, and when that ends
    utility     templates: made, approved, filled in
    state       what the platform knows: people, windows, tokens, templates
    logs        what it knows from the home's log segments
    truth       what it remembers of its own earlier runs, and each message that a person really received
    people      what a person does with a message
    webhooks    how the Page is told of it
    faults      what goes wrong on purpose
    stats       what was asked and answered
    control     /sandbox/…: numbers, people and faults for tests

It shares no code with the stages that plan and send: a rule that they misread is refused here.
"""
