-- No rows: pseudo-random draws as plain arithmetic, so that every machine and any number of threads draw alike.
SET VARIABLE seed = $seed;
SET VARIABLE shape = $shape::JSON;
SET VARIABLE texts = $texts::JSON;
SET VARIABLE starts_ms = $starts_ms;
SET VARIABLE ends_ms = $ends_ms;

-- A name's own odd number under this seed; folded to a constant when a query is planned.
CREATE MACRO salt(name) AS
    ((md5_number_lower(concat(getvariable('seed'), ':', name)) & 1073741823::UBIGINT) * 2 + 1)::BIGINT;
-- Every step is one-to-one on 32 bits: two ids below 2^31 never draw the same number under the same name.
CREATE MACRO mixed(x, factor) AS (xor(x, x >> 16) * factor) & 4294967295;
CREATE MACRO draw(id, name) AS
    mixed(mixed((id * 2654435761) & 4294967295, 73244475) * salt(name) & 4294967295, 739982445);
CREATE MACRO pick(id, name, n) AS draw(id, name) * n >> 32;
CREATE MACRO unit(id, name) AS draw(id, name) / 4294967296.0::DOUBLE;
CREATE MACRO squared(x) AS x * x;
CREATE MACRO chance(id, name, share) AS draw(id, name) < (share * 4294967296.0::DOUBLE)::BIGINT;

CREATE MACRO rate(name) AS (getvariable('shape')->'rate'->>name)::DOUBLE;
CREATE MACRO setting(name) AS getvariable('shape')->>name;
-- A moment given as a fraction of the log's length.
CREATE MACRO moment_ms(fraction) AS
    getvariable('starts_ms') + (fraction * (getvariable('ends_ms') - getvariable('starts_ms')))::BIGINT;

-- Numbers as Meta writes them: sixteen digits for a person, nineteen for a token, 20 letters for a message.
CREATE MACRO psid_of(person_key) AS
    (2100000000000000 + ((draw(person_key, 'psid') << 20) | (draw(person_key, 'psid, low bits') >> 12)))::VARCHAR;
CREATE MACRO token_of(id, kind) AS
    (1000000000000000000 + ((draw(id, kind) << 30) | (draw(id, 'token, low bits') >> 2)))::VARCHAR;
CREATE MACRO one_time_token(optin_no) AS token_of(optin_no, 'one-time token');
CREATE MACRO mid_of(id, kind) AS
    concat('m_', translate(left(to_base64(unhex(md5(concat(getvariable('seed'), kind, id)))), 20), '+/', '-_'));
CREATE MACRO language_of(person_key, usual, other) AS
    if(chance(person_key, 'language', rate('other_language')), other, usual);
