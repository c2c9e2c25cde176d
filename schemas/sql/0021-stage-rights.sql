-- A role per stage with what its statements need and no more (design 9): what a stage must not do, PostgreSQL refuses.
--
--   was                                              is
--   the writer deletes and changes every table       it adds; it corrects the columns below; it deletes two kinds of marks
--   validators read all tables as instroom_reader    instroom_validator: cursor and maxima
--   whoever adds an audit row may say when           the database says when, and by which login
--
-- instroom_reader stays, for programs of the release before. Writers of that release go on.

-- By which login, whatever is said. null: of before.
alter table register.access add column login text;

create function register.sign_access() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not pg_has_role(session_user, (select relowner from pg_class where oid = tg_relid), 'member') then
    new.at := now();
  end if;
  new.login := session_user;
  return new;
end $$;
create trigger sign before insert on register.access for each row execute function register.sign_access();

-- What each role may, and nothing else. A later migration adds its rows and calls the function below.
create table register.role_right (
  role      text not null,
  privilege text not null,        -- as in GRANT
  object    text not null,        -- as in GRANT: a table, or `function` and its name with types
  primary key (role, object)
);

insert into register.role_right (role, object, privilege) values
  ('instroom_validator', 'register.cursor', 'select (topic, partition, next_raw, next_verdict, tip, key_id)'),
  ('instroom_validator', 'register.board', 'select (board, sequence_max, sequence_top)'),

  ('instroom_writer', 'register.cursor',
   'select, update (next_raw, next_verdict, tip, digest, key_id, parked, moved_at)'),
  ('instroom_writer', 'register.board', 'select, insert, update'),
  -- the ledger: what a delivery said stays; what came of it follows confirmations and replays
  ('instroom_writer', 'register.delivery',
   'select, insert, update (state, notices, lapsed, attempt, nieuw, gewijzigd, ongewijzigd, verouderd, afgekeurd, ingetrokken,'
   ' quarantaine, unreadable_lines, key_list, feedback, outcomes)'),
  ('instroom_writer', 'register.finding', 'select, insert, delete'),
  ('instroom_writer', 'register.key_list', 'select, insert'),
  ('instroom_writer', 'register.feedback', 'select, insert'),
  ('instroom_writer', 'register.replay_change', 'select, insert'),
  ('instroom_writer', 'register.confirmation', 'select, insert'),
  ('instroom_writer', 'register.set_back', 'select, insert'),
  ('instroom_writer', 'register.admission', 'select, insert'),
  ('instroom_writer', 'register.contact', 'select, insert'),
  ('instroom_writer', 'register.foreign_message', 'select, insert'),
  -- the register: a teacher keeps his number; history is added to, and an INTREKKING empties it
  ('instroom_writer', 'register.teacher',
   'select, insert, update (status, sequence, since, lapsed_on, hash, content, targets)'),
  ('instroom_writer', 'register.teacher_history', 'select, insert, update (hash, content, targets)'),
  ('instroom_writer', 'register.disowned', 'select, insert, update (since), delete'),
  ('instroom_writer', 'register.key_rotation', 'select');

-- Gives each role that is there its rights, and takes away what it had beyond them. Names the roles that are not there. Called
-- by every `instroomctl migrate`, so that a role made later gets its rights too; the table of migrations is migrate's own, and not
-- always there.
create function register.grant_rights() returns setof text language plpgsql set search_path = pg_catalog, pg_temp as $$
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
      if r.object like 'rights.%' then
        execute format('grant usage on schema rights to %I', name);
      end if;
    end loop;
  end loop;
end $$;
revoke all on function register.grant_rights() from public;

select register.grant_rights();

-- A row of the audit is added; its time and login are the database's.
revoke insert on register.access from instroom_reader;
grant insert (who, what, board, topic, partition, "offset", reason, request_id, sender, party, basis, version, trace_id)
  on register.access to instroom_reader;
