"""The states of a campaign and of a send, and every move that is allowed. The database holds the same table.

campaign  draft → checked → approved → sending ⇄ paused → done
          late:   approved, sending, paused → parked
          ended:  any but done → cancelled
          edited: checked, approved, parked → draft

send      queued → sending → accepted            the Graph API took it
                   sending → refused             it answered no, and would again
                   sending → queued              it answered later
                   sending → unconfirmed         nobody knows: the answer was lost
                   unconfirmed → sending         a single-use token is tried again: it cannot work twice
                   unconfirmed → accepted        an echo, the token or a person said that it arrived
                   unconfirmed → queued          a person said that it did not
          queued → failed                        no call was made: its permission ended, or too many tries
          queued → cancelled                     the campaign was cancelled
          queued → accepted                      an echo of an earlier try came
"""

from typing import Literal

CampaignState = Literal["draft", "checked", "approved", "sending", "paused", "parked", "done", "cancelled"]
SendState = Literal["queued", "sending", "accepted", "refused", "failed", "unconfirmed", "cancelled"]

CAMPAIGN_MOVES: frozenset[tuple[CampaignState, CampaignState]] = frozenset({
    ("draft", "checked"), ("checked", "checked"), ("checked", "approved"), ("approved", "checked"),
    ("approved", "sending"), ("sending", "paused"), ("paused", "sending"), ("sending", "done"),
    ("approved", "parked"), ("sending", "parked"), ("paused", "parked"), ("checked", "parked"),
    ("checked", "draft"), ("approved", "draft"), ("parked", "draft"), ("draft", "draft"),
    ("draft", "cancelled"), ("checked", "cancelled"), ("approved", "cancelled"), ("sending", "cancelled"),
    ("paused", "cancelled"), ("parked", "cancelled"),
})  # fmt: skip

SEND_MOVES: frozenset[tuple[SendState, SendState]] = frozenset({
    ("queued", "sending"), ("queued", "failed"), ("queued", "cancelled"), ("queued", "accepted"),
    ("sending", "accepted"), ("sending", "refused"), ("sending", "queued"), ("sending", "failed"),
    ("sending", "unconfirmed"),
    ("unconfirmed", "sending"), ("unconfirmed", "accepted"), ("unconfirmed", "queued"),
})  # fmt: skip

LIVE_SENDS: tuple[SendState, ...] = ("queued", "sending", "unconfirmed", "accepted")
"""While a send is in one of these, no other may hold its token: it may be on its way, or has been spent."""

OPEN_SENDS: tuple[SendState, ...] = ("queued", "sending", "unconfirmed")
"""What a campaign still waits for."""
