-- What PostgreSQL refuses whoever asks: a move that is not allowed, and any change to the trail.

-- name: campaign_function
-- Whether a campaign's move is allowed.
CREATE FUNCTION campaign_move_is_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM campaign_moves WHERE from_state = OLD.state AND to_state = NEW.state) THEN
        RAISE EXCEPTION 'campaign_move_not_allowed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$

-- name: campaign_moves
-- A campaign goes only where its moves lead.
CREATE TRIGGER campaign_moves_only BEFORE UPDATE OF state ON campaigns
FOR EACH ROW EXECUTE FUNCTION campaign_move_is_allowed()

-- name: send_function
-- Whether a send's move is allowed.
CREATE FUNCTION send_move_is_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM send_moves WHERE from_state = OLD.state AND to_state = NEW.state) THEN
        RAISE EXCEPTION 'send_move_not_allowed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$

-- name: send_moves
-- A send goes only where its moves lead.
CREATE TRIGGER send_moves_only BEFORE UPDATE OF state ON sends
FOR EACH ROW EXECUTE FUNCTION send_move_is_allowed()

-- name: entries_function
-- Nobody changes the trail.
CREATE FUNCTION audit_entries_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_entries_are_append_only' USING ERRCODE = 'integrity_constraint_violation';
END $$

-- name: entries_stay
-- An entry of the trail is never changed nor removed.
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE ON audit_entries
FOR EACH ROW EXECUTE FUNCTION audit_entries_are_append_only()

-- name: entries_remain
-- The trail is never emptied: TRUNCATE does not ask the trigger above.
CREATE TRIGGER audit_entries_remain BEFORE TRUNCATE ON audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_are_append_only()
