"""Stage 1: signed webhooks in, log segments out. A delivery is answered 200 once it is on the disk, and not before."""
