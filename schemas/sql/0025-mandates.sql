-- Mandates over HTTP, for those with the right beheer (specification 15): the gateway asks and changes by these functions,
-- which take the board and see no other. What they change leaves its row in rights.change by the triggers of 0011, and one in
-- register.access that says as whom, in the same transaction. Then the gateway makes the version and the snapshot, as
-- instroomctl does (common/render/rights_snapshot.c).
--
-- What the database itself holds to, whatever a gateway says: whoever is named as the actor has beheer for the board by the
-- tables, at this moment and by the database's clock; beheer itself is given and ended by the board alone; no mandate begins or
-- ends in the past; a board has a limit; who and when are written by the database. What only the gateway does: that whoever
-- asks is the actor whom it names.

-- As in 0021, which saw only the tables of the schema rights: a role that has functions of it alone needs its usage, too. Not
-- changed there, as registers have it.
create or replace function register.grant_rights() returns setof text language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  name text;
  r register.role_right;
begin
  for name in select distinct x.role from register.role_right x order by 1 loop
    if to_regrole(name) is null then
      return next name;
      continue;
    end if;
    execute format('revoke all on all tables in schema register, rights from %I', name);
    execute format('revoke all on all functions in schema register, rights from %I', name);
    execute format('grant usage on schema register to %I', name);
    if (select pg_has_role(d.datdba, 'member') from pg_database d where d.datname = current_database()) then
      execute format('grant connect on database %I to %I', current_database(), name); -- of a role made after the database
    end if;
    for r in select * from register.role_right x
             where x.role = name and (x.object <> 'public.instroom_migration' or to_regclass(x.object) is not null) loop
      execute format('grant %s on %s to %I', r.privilege, r.object, name);
      if r.object ~ '^(function )?rights[.]' then
        execute format('grant usage on schema rights to %I', name);
      end if;
    end loop;
  end loop;
end $$;

-- A day in the Netherlands, JJJJMMDD.
create function rights.day_of(moment timestamptz) returns int
language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_char(moment at time zone 'Europe/Amsterdam', 'YYYYMMDD')::int
$$;

create function rights.number_text(kind int, digits text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case kind when 1 then 'KVK:' when 2 then 'RSIN:' else 'OIN:' end || digits
$$;

create function rights.iso_day(day int) returns text language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_char(to_date(day::text, 'YYYYMMDD'), 'YYYY-MM-DD')
$$;

create function rights.mandate_json(m rights.mandate) returns json
language sql stable set search_path = pg_catalog, pg_temp as $$
  select json_build_object('nummer', m.id, 'partij', json_build_object('naam', p.name, 'nummers',
      coalesce((select json_agg(rights.number_text(n.kind, n.digits) order by n.kind, n.digits)
                from rights.party_number n where n.party = p.id), '[]'::json)),
    'dienst', m.service, 'van', rights.iso_day(m.from_day), 'tot', rights.iso_day(m.until_day), 'basis', 'machtiging',
    'gegeven_door', m.given_by, 'gegeven_op', to_char(m.given_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'ingetrokken_op', to_char(m.withdrawn_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  from rights.party p where p.id = m.party
$$;

-- Whether a row held on a day, as it was known on that day: a withdrawal counts from its moment.
create function rights.held_on(day int, from_day int, until_day int, known_at timestamptz, withdrawn_at timestamptz)
returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
  select from_day <= day and (until_day is null or until_day >= day) and rights.day_of(known_at) <= day
         and (withdrawn_at is null or rights.day_of(withdrawn_at) >= day)
$$;

-- Who may act for the board on a day. day null: from today on. eigen: by a number or a token of the board itself, for all
-- services.
create function rights.mandates_json(of_board int, day int) returns text language sql stable
security definer set search_path = pg_catalog, pg_temp as $$
  select json_build_object('bestuur', lpad(of_board::text, 5, '0'), 'op', rights.iso_day(day),
    'machtigingen', coalesce((
      select json_agg(rights.mandate_json(m) order by m.from_day, m.id) from rights.mandate m where m.board = of_board
        and case when day is null then m.withdrawn_at is null and (m.until_day is null or m.until_day >= rights.day_of(now()))
                 else rights.held_on(day, m.from_day, m.until_day, m.given_at, m.withdrawn_at) end), '[]'::json),
    'eigen', coalesce((
      select json_agg(json_build_object('soort', o.kind, 'wie', o.who, 'van', rights.iso_day(o.from_day),
                                        'tot', rights.iso_day(o.until_day)) order by o.kind, o.who, o.from_day)
      from (select 'nummer' as kind, rights.number_text(n.kind, n.digits) as who, n.from_day, n.until_day, n.added_at,
                   null::timestamptz as withdrawn_at from rights.board_number n where n.board = of_board
                   and (n.until_day is null or n.until_day >= n.from_day)
            union all select 'token', c.name, rights.day_of(c.made_at), c.until_day, c.made_at, c.withdrawn_at
              from rights.credential c where c.board = of_board) o
      where case when day is null then o.withdrawn_at is null and (o.until_day is null or o.until_day >= rights.day_of(now()))
                 else rights.held_on(day, o.from_day, o.until_day, o.added_at, o.withdrawn_at) end), '[]'::json))::text
$$;

-- ---- changes ----

-- On what basis the actor has beheer for the board now: eigen or machtiging; null: he has it not. sender: the credential as the
-- gateway names it (workers/gateway/speaker.h); of a random token the tables say whose it is, of a signed token and a
-- certificate the gateway says the party's number. Tokens of the gateway's file (token:..) have no beheer.
create function rights.beheer_basis(of_board int, sender text, party_number text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  today int := rights.day_of(now());
  c rights.credential;
  parties int[] := '{}';
  numbers text[] := '{}';
begin
  if sender ~ '^credential:' then
    select * into c from rights.credential x
      where x.name = substr(sender, length('credential:') + 1) and x.withdrawn_at is null and x.until_day >= today;
    if c.board = of_board then
      return 'eigen';
    end if;
    parties := array[c.party];
    numbers := array(select rights.number_text(n.kind, n.digits) from rights.party_number n where n.party = c.party);
  elsif sender ~ '^(jwt|oin):' then
    numbers := array[party_number];
    parties := array(select n.party from rights.party_number n where rights.number_text(n.kind, n.digits) = party_number);
  end if;
  if exists (select from rights.board_number b where b.board = of_board and b.from_day <= today
             and (b.until_day is null or b.until_day >= today) and rights.number_text(b.kind, b.digits) = any(numbers)) then
    return 'eigen';
  elsif exists (select from rights.mandate m where m.board = of_board and m.party = any(parties) and m.service = 'beheer'
                and m.withdrawn_at is null and m.from_day <= today and (m.until_day is null or m.until_day >= today)) then
    return 'machtiging';
  end if;
  return null;
end $$;

-- As whom a change is asked for, as the gateway decided it.
create type rights.actor as (
  sender   text,
  party    text,
  basis    text,
  version  bigint,
  trace_id text
);

-- What became of a change: the mandate as JSON when it is made, or was so already.
create type rights.mandate_answer as (
  what    text,                              -- made, same, unknown, party, right, beheer, day, many
  mandate text
);

-- null: he may; else what is answered.
create function rights.refusal_of(of_board int, is_of_beheer boolean, who rights.actor) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  basis text := rights.beheer_basis(of_board, who.sender, who.party);
begin
  return case when basis is null then 'right'
              when is_of_beheer and not (basis = 'eigen' and coalesce(who.basis, '') = 'eigen') then 'beheer' end;
end $$;

-- A board's mandates are in everybody's snapshot: so it may have this many from today on, and this many changes a day. A
-- withdrawal is always possible.
create function rights.has_too_many(of_board int, is_new boolean) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select (is_new and 200 <= (select count(*) from rights.mandate m where m.board = of_board and m.withdrawn_at is null
                             and (m.until_day is null or m.until_day >= rights.day_of(now()))))
      or 500 <= (select count(*) from rights.change c where c.board = of_board and c.at > now() - interval '1 day')
$$;

-- To be called before the change, whose row in rights.change names the actor.
create function rights.note_actor(of_board int, what text, who rights.actor) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  named text := who.sender || coalesce(' ' || nullif(who.party, ''), '');
begin
  perform set_config('instroom.operator', named, true);
  insert into register.access (who, what, board, sender, party, basis, version, trace_id)
    values (session_user, 'gateway: machtiging ' || what, of_board, who.sender, who.party, who.basis, who.version, who.trace_id);
  return named;
end $$;

create function rights.give_mandate(of_board int, party_kind int, party_digits text, to_service text, first_day int,
                                    last_day int, sender text, party text, basis text, version bigint, trace_id text)
returns rights.mandate_answer language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  who rights.actor := row(sender, party, basis, version, trace_id);
  refusal text := rights.refusal_of(of_board, to_service = 'beheer', who);
  to_party int := (select n.party from rights.party_number n where n.kind = party_kind and n.digits = party_digits);
  begins int := greatest(first_day, rights.day_of(now()));
  m rights.mandate;
begin
  if refusal is not null then
    return row(refusal, null)::rights.mandate_answer;
  elsif to_party is null then
    return row('party', null)::rights.mandate_answer;
  elsif last_day < begins then
    return row('day', null)::rights.mandate_answer;
  end if;
  select * into m from rights.mandate x where x.board = of_board and x.party = to_party and x.service = to_service
    and x.from_day = begins and x.until_day is not distinct from last_day and x.withdrawn_at is null limit 1;
  if found then
    return row('same', rights.mandate_json(m)::text)::rights.mandate_answer;
  elsif rights.has_too_many(of_board, true) then
    return row('many', null)::rights.mandate_answer;
  end if;
  insert into rights.mandate (board, party, service, from_day, until_day, given_by)
    values (of_board, to_party, to_service, begins, last_day, rights.note_actor(of_board, 'gegeven', who)) returning * into m;
  return row('made', rights.mandate_json(m)::text)::rights.mandate_answer;
end $$;

-- last_day null: withdrawn from this moment on. Else its last day, which may only come nearer and lies not before today.
create function rights.end_mandate(of_board int, number int, last_day int, sender text, party text, basis text, version bigint,
                                   trace_id text)
returns rights.mandate_answer language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  who rights.actor := row(sender, party, basis, version, trace_id);
  m rights.mandate;
  refusal text;
begin
  select * into m from rights.mandate x where x.board = of_board and x.id = number for update;
  refusal := rights.refusal_of(of_board, coalesce(m.service = 'beheer', false), who);
  if refusal is not null then
    return row(refusal, null)::rights.mandate_answer;
  elsif m.id is null then
    return row('unknown', null)::rights.mandate_answer;
  elsif (last_day is null and m.withdrawn_at is not null) or (m.withdrawn_at is null and m.until_day = last_day) then
    return row('same', rights.mandate_json(m)::text)::rights.mandate_answer;
  elsif m.withdrawn_at is not null or last_day < greatest(m.from_day, rights.day_of(now())) or last_day > m.until_day then
    return row('day', null)::rights.mandate_answer;
  elsif last_day is not null and rights.has_too_many(of_board, false) then
    return row('many', null)::rights.mandate_answer;
  end if;
  perform rights.note_actor(of_board, case when last_day is null then 'ingetrokken' else 'verkort' end, who);
  if last_day is null then
    update rights.mandate set withdrawn_at = now() where id = m.id returning * into m;
  else
    update rights.mandate set until_day = last_day where id = m.id returning * into m;
  end if;
  return row('made', rights.mandate_json(m)::text)::rights.mandate_answer;
end $$;

-- Whether a party with one of these numbers, or who has this token, might use a service for a board on a day: what another
-- party may ask of itself. token null: none of ours. Of today and later: by what holds at this moment.
create function rights.might(of_board int, numbers text[], token text, for_service text, day int) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with held as (
    select * from rights.credential c where c.name = token and (c.withdrawn_at is null or day < rights.day_of(now()))
      and rights.held_on(day, rights.day_of(c.made_at), c.until_day, c.made_at, c.withdrawn_at)
  ), parties as (
    select n.party from rights.party_number n where rights.number_text(n.kind, n.digits) = any(numbers)
    union select party from held where party is not null
  )
  select exists (select from held where board = of_board)
    or exists (select from rights.board_number b where b.board = of_board
         and rights.held_on(day, b.from_day, b.until_day, b.added_at, null)
         and (rights.number_text(b.kind, b.digits) = any(numbers) or exists (select from rights.party_number n
              join held h on h.party = n.party where n.kind = b.kind and n.digits = b.digits)))
    or exists (select from rights.mandate m join parties p on p.party = m.party where m.board = of_board
         and m.service = for_service and (m.withdrawn_at is null or day < rights.day_of(now()))
         and rights.held_on(day, m.from_day, m.until_day, m.given_at, m.withdrawn_at))
$$;

-- ---- the snapshot ----

create function rights.snapshot_credentials()
returns table (sha256 bytea, name text, party int, board int, until_day int, is_withdrawn boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select sha256, name, party, board, until_day, withdrawn_at is not null from rights.credential order by id
$$;

create function rights.snapshot_party_numbers() returns table (party int, kind int, digits text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select party, kind, digits from rights.party_number order by kind, digits
$$;

-- What ended before it began (a number that was taken back) is left out.
create function rights.snapshot_board_numbers()
returns table (board int, kind int, digits text, from_day int, until_day int)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select board, kind, digits, from_day, until_day from rights.board_number
  where until_day is null or until_day >= from_day order by id
$$;

create function rights.snapshot_mandates()
returns table (board int, party int, service text, from_day int, until_day int)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select board, party, service, from_day, until_day from rights.mandate where withdrawn_at is null order by id
$$;

-- The version of the tables that have this digest: the last one when it has it, else, or when it is made anew, a new one.
create function rights.take_version(of_sha256 bytea, is_anew boolean)
returns table (sequence bigint, slot int, is_published boolean)
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with last as (select * from rights.version order by sequence desc limit 1),
  added as (
    insert into rights.version as v (sequence, slot, sha256)
      select greatest(coalesce((select l.sequence from last l), 0) + 1,
                      (extract(epoch from clock_timestamp()) * 1000000)::bigint),
             (coalesce((select l.slot from last l), 0) + 1) % 8, of_sha256
      where is_anew or not exists (select from last l where l.sha256 = of_sha256) returning v.*)
  select a.sequence, a.slot, a.published_at is not null from added a
  union all select l.sequence, l.slot, l.published_at is not null from last l where not is_anew and l.sha256 = of_sha256
$$;

-- Whether the newest version is not known to be in the log.
create function rights.is_unpublished() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce((select published_at is null from rights.version order by sequence desc limit 1), false)
$$;

create function rights.note_published(of_sequence bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update rights.version set published_at = now() where sequence = of_sequence and published_at is null
$$;

-- A gateway that is still connected as instroom_reader changes no mandates: it answers who may act, and says when a change is
-- not published.
do $$
declare
  f record;
begin
  for f in select p.oid::regprocedure as signature, p.proname as name from pg_proc p
           where p.pronamespace = 'rights'::regnamespace and p.proname not in ('note_change', 'keep_row') loop
    execute format('revoke all on function %s from public', f.signature);
    if f.name ~ '^(mandates_json|give_mandate|end_mandate|might|is_unpublished)$' then
      insert into register.role_right (role, object, privilege) values
        ('instroom_gateway', 'function ' || f.signature, 'execute');
    elsif f.name ~ '^(snapshot_.*|take_version|note_published)$' then
      insert into register.role_right (role, object, privilege) values
        ('instroom_gateway', 'function ' || f.signature, 'execute'), ('instroom_access', 'function ' || f.signature, 'execute');
    end if;
    if f.name ~ '^(mandates_json|might|is_unpublished)$' then
      execute format('grant execute on function %s to instroom_reader', f.signature);
    end if;
  end loop;
end $$;
select register.grant_rights();
