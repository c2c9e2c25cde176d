-- Who may deliver for whom (specification 15): parties, the numbers of parties and boards, mandates, credentials. Changed by
-- `instroomctl access`, which publishes all of it as one snapshot: gateways decide by that and never ask here.
--
-- Rows never go away and never change, but for an end that is set and a withdrawal: so any day can be asked. Every change
-- leaves its row in change, by a trigger, in its own transaction. Days are JJJJMMDD, until included.
create schema rights;

create table rights.party (
  id       int  generated always as identity primary key,
  name     text not null unique check (name ~ '^[A-Za-z0-9._:@-]{1,64}$'),
  added_at timestamptz not null default now()
);

create table rights.party_number (
  kind     int  not null check (kind between 1 and 3),    -- 1 KvK, 2 RSIN, 3 OIN
  digits   text not null check (digits ~ '^[0-9]+$' and length(digits) = (array[8, 9, 20])[kind]),
  party    int  not null references rights.party,
  added_at timestamptz not null default now(),
  primary key (kind, digits)
);

-- A board's own numbers; several boards may share one.
create table rights.board_number (
  id        int  generated always as identity primary key,
  board     int  not null check (board between 0 and 99999),
  kind      int  not null check (kind between 1 and 3),
  digits    text not null check (digits ~ '^[0-9]+$' and length(digits) = (array[8, 9, 20])[kind]),
  from_day  int  not null check (from_day between 19000101 and 21991231),
  until_day int  check (until_day between from_day - 1 and 21991231),  -- null: no end; the day before from: never
  added_at  timestamptz not null default now(),
  unique (board, kind, digits, from_day)
);

create table rights.mandate (
  id           int  generated always as identity primary key,
  board        int  not null check (board between 0 and 99999),
  party        int  not null references rights.party,
  service      text not null check (service in ('leveren', 'inzien', 'bevestigen', 'beheer')),
  from_day     int  not null check (from_day between 19000101 and 21991231),
  until_day    int  check (until_day between from_day and 21991231),
  given_by     text not null,
  given_at     timestamptz not null default now(),
  withdrawn_at timestamptz
);
create index mandate_board on rights.mandate (board);

create table rights.credential (
  id           int   generated always as identity primary key,
  name         text  not null unique check (name ~ '^[A-Za-z0-9._:@-]{1,64}$'),
  sha256       bytea not null unique check (length(sha256) = 32),
  prefix       text  not null,                            -- how the token begins, to know it by
  party        int   references rights.party,
  board        int   check (board between 0 and 99999),   -- of a board itself
  until_day    int   not null check (until_day between 19000101 and 21991231),
  made_at      timestamptz not null default now(),
  withdrawn_at timestamptz,
  check ((party is null) <> (board is null))
);

-- What was made of it for the gateways. published_at null: Kafka is not known to have it.
create table rights.version (
  sequence     bigint primary key,                        -- microseconds since 1970 where it can be: so it rises after a restore too
  slot         int    not null,                           -- the key of its message
  sha256       bytea  not null,
  made_at      timestamptz not null default now(),
  published_at timestamptz
);

create table rights.change (
  id     bigint generated always as identity primary key,
  at     timestamptz not null default clock_timestamp(),
  who    text  not null,                                  -- of the database, and the operator's name as the program says it
  what   text  not null,                                  -- mandate insert
  board  int,
  detail jsonb not null
);
create index change_at on rights.change (at);

create function rights.note_change() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  after jsonb := to_jsonb(new) - 'sha256';
  before jsonb;
begin
  if tg_op = 'UPDATE' then
    before := to_jsonb(old);
    if before - 'until_day' - 'withdrawn_at' <> to_jsonb(new) - 'until_day' - 'withdrawn_at'
       or before ->> 'withdrawn_at' is not null then
      raise exception 'rows of rights only end or are withdrawn' using errcode = 'integrity_constraint_violation';
    end if;
  end if;
  insert into rights.change (who, what, board, detail)
  values (session_user || coalesce(' ' || nullif(current_setting('instroom.operator', true), ''), ''),
          tg_table_name || ' ' || lower(tg_op), (after ->> 'board')::int, after - 'board');
  return new;
end $$;

create function rights.keep_row() returns trigger language plpgsql as $$
begin
  raise exception 'rows of rights never go away' using errcode = 'integrity_constraint_violation';
end $$;

do $$
declare t text;
begin
  foreach t in array array['party', 'party_number', 'board_number', 'mandate', 'credential'] loop
    execute format('create trigger note_change after insert or update on rights.%I'
                   ' for each row execute function rights.note_change()', t);
  end loop;
  foreach t in array array['party', 'party_number', 'board_number', 'mandate', 'credential', 'change'] loop
    execute format('create trigger keep_row before delete or truncate on rights.%I'
                   ' for each statement execute function rights.keep_row()', t);
  end loop;
  execute 'create trigger keep_change before update on rights.change'
          ' for each statement execute function rights.keep_row()';
end $$;

-- Of the stages none needs any of it. The operator's reader sees all but what tokens are known by.
grant usage on schema rights to instroom_reader;
grant select on rights.party, rights.party_number, rights.board_number, rights.mandate, rights.version, rights.change
  to instroom_reader;
grant select (id, name, prefix, party, board, until_day, made_at, withdrawn_at) on rights.credential to instroom_reader;
