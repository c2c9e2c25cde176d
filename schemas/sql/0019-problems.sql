-- What boards report as a problem (specification 8.7), and the mails that carry it to the helpdesk and to a sector council.
-- Nobody but the functions below writes here: the gateway reports and asks, `instroomctl problems` mails and closes.
create table register.problem (
  id          bigint      generated always as identity primary key,
  reference   text        not null unique,   -- P-BCDF-GHJK-LMNP: consonants only, so that it is never taken for a number
  at          timestamptz not null default clock_timestamp(),
  board       int         not null,
  delivery_id text,                          -- as the board names it; it need not exist
  codes       jsonb       not null,          -- {"LR-S02": 12}
  words       text        not null check (length(words) between 1 and 2000),
  sender      text,                          -- as whom, as in admission
  party       text,
  basis       text,
  version     bigint,
  trace_id    text,
  closed_at   timestamptz,
  closed_by   text,
  answer      text,                          -- of the helpdesk, for the board
  check ((closed_at is null) = (closed_by is null) and (closed_at is null) = (answer is null))
);
create index problem_board on register.problem (board, id);
create index problem_open on register.problem (id) where closed_at is null;

-- One mail per recipient. Its Message-ID is set once, by the first attempt: a repeat after a lost answer has the same.
create table register.problem_mail (
  problem    bigint      not null references register.problem,
  recipient  text        not null check (recipient in ('helpdesk', 'PO', 'VO', 'WEC', 'MBO')),
  at         timestamptz not null default clock_timestamp(),
  words      text        check (length(words) between 1 and 2000),  -- why a council is asked; null: the helpdesk's
  sender     text,
  party      text,
  basis      text,
  version    bigint,
  trace_id   text,
  message_id text,
  attempts   int         not null default 0,
  next_at    timestamptz not null default clock_timestamp(),
  sent_at    timestamptz,
  refused_at timestamptz,                    -- by the mail server, for good: an operator is needed
  outcome    text,                           -- of the last attempt; of the server's answer the number only
  primary key (problem, recipient),
  check ((recipient = 'helpdesk') = (words is null)),
  check (sent_at is null or refused_at is null)
);
create index problem_mail_unsent on register.problem_mail (next_at) where sent_at is null;

-- A report that is sent again within a day, because its answer was lost, is the same one. The reference is null when the board
-- has reported so many within a day that no more are taken.
create function register.add_problem(of_board int, delivery text, finding_codes text, said text, by_sender text,
                                     by_party text, on_basis text, of_version bigint, trace text,
                                     out reference text, out is_new boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  problem_id bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('instroom problem', of_board));
  select p.reference, false into reference, is_new from register.problem p
    where p.board = of_board and p.at > clock_timestamp() - interval '1 day' and p.closed_at is null
      and p.delivery_id is not distinct from delivery and p.codes = finding_codes::jsonb and p.words = said
      and p.sender is not distinct from by_sender order by p.id limit 1;
  if found then
    return;
  end if;
  if (select count(*) from register.problem p
      where p.board = of_board and p.at > clock_timestamp() - interval '1 day') >= 50 then
    return;
  end if;
  reference := 'P' || regexp_replace(translate(left(replace(gen_random_uuid()::text, '-', ''), 12), '0123456789abcdef',
                                               'BCDFGHJKLMNPRSTV'), '(....)', '-\1', 'g');
  is_new := true;
  insert into register.problem (reference, board, delivery_id, codes, words, sender, party, basis, version, trace_id)
    values (reference, of_board, delivery, finding_codes::jsonb, said, by_sender, by_party, on_basis, of_version, trace)
    returning id into problem_id;
  insert into register.problem_mail (problem, recipient, sender, party, basis, version, trace_id)
    values (problem_id, 'helpdesk', by_sender, by_party, on_basis, of_version, trace);
end $$;

-- Has it mailed to the council of this sector too. false: no school of the board is of that sector, as far as the reference
-- tables say. What cannot be seen by who asks is the caller's to refuse. Asked again it changes nothing.
create function register.add_problem_mail(of_board int, of_reference text, sector text, said text, by_sender text,
                                          by_party text, on_basis text, of_version bigint, trace text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from register.bestuur_sector s where s.board = of_board)
     and not exists (select from register.bestuur_sector s
                     where s.board = of_board and s.sector = add_problem_mail.sector) then
    return false;
  end if;
  insert into register.problem_mail (problem, recipient, words, sender, party, basis, version, trace_id)
    select p.id, add_problem_mail.sector, said, by_sender, by_party, on_basis, of_version, trace
    from register.problem p where p.board = of_board and p.reference = of_reference
    on conflict do nothing;
  return true;
end $$;

-- How it stands with one mail, and with a problem as a whole; the words of specification 8.7.
create function register.problem_mail_state(m register.problem_mail) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when m.sent_at is not null then 'verzonden' when m.refused_at is not null then 'niet_verzonden'
         else 'ontvangen' end
$$;

create function register.problem_state(p register.problem) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when p.closed_at is not null then 'afgehandeld'
         else (select register.problem_mail_state(m) from register.problem_mail m
               where m.problem = p.id and m.recipient = 'helpdesk') end
$$;

-- Closes it, with an answer that the board reads. false: there is none, or it is closed.
create function register.close_problem(of_reference text, closer text, said text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  of_board int;
begin
  update register.problem set closed_at = clock_timestamp(), closed_by = closer, answer = said
    where reference = of_reference and closed_at is null returning board into of_board;
  if not found then
    return false;
  end if;
  insert into register.access (who, what, board, reason)
    values (closer, 'problems close ' || of_reference, of_board, said);
  return true;
end $$;

-- An attempt begins: it is counted before anything is sent, so that one that kills us is not made again at once. Gives the
-- Message-ID that the mail has for good.
create function register.begin_problem_mail(of_problem bigint, to_recipient text, first_message_id text) returns text
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update register.problem_mail
    set attempts = attempts + 1, message_id = coalesce(message_id, first_message_id), refused_at = null,
        outcome = 'no answer',
        next_at = clock_timestamp() + least(interval '1 hour', interval '1 minute' * power(2, least(attempts, 10)))
    where problem = of_problem and recipient = to_recipient and sent_at is null
    returning message_id
$$;

create function register.end_problem_mail(of_problem bigint, to_recipient text, is_sent boolean, is_refused boolean,
                                          said text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update register.problem_mail
    set outcome = left(said, 200), sent_at = case when is_sent then clock_timestamp() end,
        refused_at = case when is_refused and not is_sent then clock_timestamp() end
    where problem = of_problem and recipient = to_recipient and sent_at is null
$$;

-- Functions are everybody's unless they are taken away.
revoke execute on function
  register.add_problem(int, text, text, text, text, text, text, bigint, text),
  register.add_problem_mail(int, text, text, text, text, text, text, bigint, text),
  register.close_problem(text, text, text), register.begin_problem_mail(bigint, text, text),
  register.end_problem_mail(bigint, text, boolean, boolean, text) from public;
grant execute on function
  register.add_problem(int, text, text, text, text, text, text, bigint, text),
  register.add_problem_mail(int, text, text, text, text, text, text, bigint, text),
  register.close_problem(text, text, text), register.begin_problem_mail(bigint, text, text),
  register.end_problem_mail(bigint, text, boolean, boolean, text) to instroom_reader;
grant select on register.problem, register.problem_mail to instroom_reader;
