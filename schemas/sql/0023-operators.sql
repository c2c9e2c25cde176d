-- Operators have a login of their own and rights by task (design 9): `grant instroom_look, instroom_replay to alice`. They need
-- neither the owner's password nor instroom_reader's, and the database writes who did what, and when.
--
-- Both of those go on as they did: under a login that several share, `who` is the name that the program says.

-- Who an audit row names: the login, unless it is one that is shared.
create function register.actor(claimed text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when session_user = 'instroom_reader' or pg_has_role(session_user, nspowner, 'member')
              then coalesce(claimed, session_user) else session_user end
  from pg_namespace where nspname = 'register'
$$;

-- As 0021 had it, and: who is the login, and what changes something wants the right to change.
create or replace function register.sign_access() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not pg_has_role(session_user, (select relowner from pg_class where oid = tg_relid), 'member') then
    new.at := now();
    if new.request_id is not null and session_user <> 'instroom_reader'
       and (to_regrole('instroom_repair') is null or not pg_has_role(session_user, 'instroom_repair', 'member')) then
      raise exception 'a set-back or confirmation wants instroom_repair' using errcode = 'insufficient_privilege';
    end if;
  end if;
  new.who := register.actor(new.who);
  new.login := session_user;
  return new;
end $$;

-- Its arguments name the columns of when and who.
create function register.sign_row() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if pg_has_role(session_user, (select relowner from pg_class where oid = tg_relid), 'member') then
    return new;
  end if;
  return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], now(), tg_argv[1],
                                                       register.actor(to_jsonb(new) ->> tg_argv[1])));
end $$;
create trigger sign before insert on register.replay_job
  for each row execute function register.sign_row('planned_at', 'planned_by');
create trigger sign_approval before update on register.replay_job
  for each row when (new.approved_by is not null
                     and (new.approved_by, new.approved_at) is distinct from (old.approved_by, old.approved_at))
  execute function register.sign_row('approved_at', 'approved_by');
create trigger sign before insert on register.replay_event for each row execute function register.sign_row('at', 'who');
create trigger sign before insert on register.quarantine_decision for each row execute function register.sign_row('at', 'who');
create trigger sign before insert on register.refill for each row execute function register.sign_row('at', 'who');
create trigger sign before insert on register.loss for each row execute function register.sign_row('at', 'who');
create trigger sign before insert on register.repair for each row execute function register.sign_row('at', 'who');
create trigger sign before update on register.problem
  for each row when (new.closed_by is distinct from old.closed_by)
  execute function register.sign_row('closed_at', 'closed_by');

-- What looks at no person: each task begins with it.
insert into register.role_right (role, object, privilege)
select role, object, privilege from
  unnest(array['instroom_look', 'instroom_persons', 'instroom_replay', 'instroom_repair', 'instroom_reference',
               'instroom_access']) as role,
  (select 'register.' || t as object, 'select' as privilege from unnest(array['cursor', 'board', 'delivery', 'finding',
     'confirmation', 'set_back', 'admission', 'replay_change', 'replay_job', 'replay_item', 'replay_event',
     'quarantine_decision', 'refill', 'loss', 'key_rotation', 'repair', 'statement', 'statement_board', 'removal', 'retained',
     'removed_teacher', 'foreign_message', 'reference_table', 'reference_snapshot', 'bevinding', 'bestuur', 'bestuur_sector',
     'key_list', 'feedback', 'role_right']) as t
   union all
   select 'register.access', 'select, insert (who, what, board, topic, partition, "offset", reason, request_id)'
   union all
   select 'register.contact', 'select (board, since)' -- whether there is one
   union all
   select 'register.' || t, 'select (board, number)' from unnest(array['contact_list', 'contact_person']) t
   union all
   select 'public.instroom_migration', 'select'
   union all
   select 'rights.' || t, 'select' from unnest(array['party', 'party_number', 'board_number', 'mandate', 'version', 'change']) t
   union all
   select 'rights.credential', 'select (id, name, prefix, party, board, until_day, made_at, withdrawn_at)'
   union all
   select 'function ' || p.oid::regprocedure, 'execute' from pg_proc p
   where p.pronamespace = 'register'::regnamespace and p.proname ~ '^ask_') x(object, privilege);

insert into register.role_right (role, object, privilege) values
  ('instroom_persons', 'register.teacher', 'select'),
  ('instroom_persons', 'register.teacher_history', 'select'),
  ('instroom_persons', 'register.disowned', 'select'),
  ('instroom_persons', 'register.leraar', 'select'),
  ('instroom_persons', 'register.benoeming', 'select'),
  ('instroom_persons', 'register.contact', 'select'),
  ('instroom_persons', 'register.contact_list', 'select'),
  ('instroom_persons', 'register.contact_person', 'select'),
  -- a board's own words may be about persons
  ('instroom_persons', 'register.problem', 'select'),
  ('instroom_persons', 'register.problem_mail', 'select'),
  ('instroom_repair', 'register.problem', 'select'),
  ('instroom_repair', 'register.problem_mail', 'select'),
  ('instroom_persons', 'function register.contact_persons_json(int)', 'execute'),
  ('instroom_persons', 'function register.contact_history_json(int, boolean, text, text)', 'execute'),
  -- the preview of a replay wants keys and volgnummers, no person
  ('instroom_replay', 'register.teacher', 'select (board, key, status, sequence, hash)'),
  ('instroom_repair', 'register.teacher', 'select, insert, update, delete'),
  ('instroom_repair', 'register.teacher_history', 'select, insert, update, delete'),
  ('instroom_repair', 'register.disowned', 'select, insert, update, delete'),
  ('instroom_repair', 'register.contact', 'select, insert, update, delete'),
  ('instroom_repair', 'function register.close_problem(text, text, text)', 'execute')
on conflict (role, object) do update set privilege = excluded.privilege;

update register.role_right r set privilege = w.privilege from (values
  ('instroom_replay', 'register.replay_job',
   'select, insert (id, planned_by, scope, reference, state, deliveries, lines, foreseen, approval_needed),'
   ' update (state, reason, rate, approved_by, approved_at)'),
  ('instroom_replay', 'register.replay_item', 'select, insert, update (published_at), delete'),
  ('instroom_replay', 'register.replay_event', 'select, insert'),
  ('instroom_repair', 'register.cursor', 'select, update (next_verdict, parked, moved_at)'),
  ('instroom_repair', 'register.refill', 'select, insert'),
  ('instroom_repair', 'register.loss', 'select, insert'),
  ('instroom_repair', 'register.quarantine_decision', 'select, insert'),
  ('instroom_repair', 'register.repair', 'select, insert'),
  ('instroom_repair', 'register.delivery', 'select, insert, update, delete'),
  ('instroom_repair', 'register.finding', 'select, insert, update, delete'),
  ('instroom_repair', 'register.key_list', 'select, insert, update, delete'),
  ('instroom_repair', 'register.feedback', 'select, insert, update, delete'),
  ('instroom_repair', 'register.confirmation', 'select, insert, update, delete'),
  ('instroom_repair', 'register.set_back', 'select, insert, update, delete'),
  ('instroom_repair', 'register.admission', 'select, insert, update, delete'),
  ('instroom_repair', 'register.replay_change', 'select, insert, update, delete'),
  ('instroom_repair', 'register.board', 'select, insert, update, delete'),
  ('instroom_reference', 'register.reference_table', 'select, insert, update'),
  ('instroom_reference', 'register.reference_snapshot', 'select, insert'),
  ('instroom_access', 'rights.party', 'select, insert'),
  ('instroom_access', 'rights.party_number', 'select, insert'),
  ('instroom_access', 'rights.board_number', 'select, insert, update (until_day)'),
  ('instroom_access', 'rights.mandate', 'select, insert, update (until_day, withdrawn_at)'),
  ('instroom_access', 'rights.credential', 'select, insert, update (until_day, withdrawn_at)'),
  ('instroom_access', 'rights.version', 'select, insert, update (published_at)')
) as w(role, object, privilege) where r.role = w.role and r.object = w.object;

-- What a role has beyond its task, for migrate. As whom the programs are connected now is looked at too.
create function register.role_excess() returns table (role text, what text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with owner as (select nspowner as oid from pg_namespace where nspname = 'register'),
  stage as (
    select r.* from pg_roles r where r.rolname in (select x.role from register.role_right x) or r.rolname = 'instroom_reader'
    union
    select r.* from pg_roles r join pg_stat_activity a on a.usesysid = r.oid
    where a.datname = current_database() and a.application_name in ('instroom-gateway', 'instroom-validate', 'instroom-write')
  )
  select s.rolname, w.what from stage s, owner, lateral (values
    ('it is a superuser', s.rolsuper),
    ('it makes roles or databases, or replicates', not s.rolsuper and (s.rolcreaterole or s.rolcreatedb or s.rolreplication)),
    ('it has the rights of the owner', not s.rolsuper and pg_has_role(s.oid, owner.oid, 'member')),
    ('it is a member of ' || (select string_agg(g.rolname, ', ' order by g.rolname) from pg_auth_members m
       join pg_roles g on g.oid = m.roleid where m.member = s.oid and g.oid <> owner.oid and g.rolname ~ '^pg_'), true),
    ('it deletes deliveries', not s.rolsuper and not pg_has_role(s.oid, owner.oid, 'member')
       and s.rolname <> 'instroom_repair' and has_table_privilege(s.oid, 'register.delivery', 'delete'))
  ) as w(what, is_so) where w.is_so and w.what is not null
$$;

select register.grant_rights();
