-- What SQLite refuses whoever asks: a move that is not allowed, and any change to the trail.

-- name: campaign_moves
-- A campaign goes only where its moves lead.
CREATE TRIGGER campaign_moves_only BEFORE UPDATE OF state ON campaigns
WHEN NOT EXISTS (SELECT 1 FROM campaign_moves WHERE from_state = OLD.state AND to_state = NEW.state)
BEGIN
    SELECT RAISE(ABORT, 'campaign_move_not_allowed');
END

-- name: send_moves
-- A send goes only where its moves lead.
CREATE TRIGGER send_moves_only BEFORE UPDATE OF state ON sends
WHEN NOT EXISTS (SELECT 1 FROM send_moves WHERE from_state = OLD.state AND to_state = NEW.state)
BEGIN
    SELECT RAISE(ABORT, 'send_move_not_allowed');
END

-- name: entries_stay
-- An entry of the trail is never changed.
CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'audit_entries_are_append_only');
END

-- name: entries_remain
-- An entry of the trail is never removed.
CREATE TRIGGER audit_entries_remain BEFORE DELETE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'audit_entries_are_append_only');
END

-- name: entries_are_new
-- An entry of the trail is never replaced: REPLACE removes a row without asking the trigger above.
CREATE TRIGGER audit_entries_are_new BEFORE INSERT ON audit_entries
WHEN EXISTS (SELECT 1 FROM audit_entries WHERE entry_id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'audit_entries_are_append_only');
END
