-- From how many lines on a replay or an undo wants another person's approval: the register decides, and no longer the settings of
-- whoever plans it, which can only ask for approval of less. The newest row counts.
create table register.approval_limit (
  id     bigint      generated always as identity primary key,
  set_at timestamptz not null default now(),
  set_by text        not null,
  lines  bigint      not null check (lines between 0 and 1000000000), -- 0: nothing wants approval
  reason text        not null check (reason <> '')
);
create trigger sign before insert on register.approval_limit for each row execute function register.sign_row('set_at', 'set_by');
insert into register.approval_limit (set_by, lines, reason) values ('migration 0029', 100000, 'the default of replay.approval.lines');

-- What counts for that planner; null: nothing wants approval. Who raises it does not raise it for his own plans.
create function register.approval_lines(planner text) returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
  select least((select nullif(lines, 0) from register.approval_limit order by id desc limit 1),
               (select nullif(lines, 0) from register.approval_limit where set_by <> planner order by id desc limit 1))
$$;

-- Behind the trigger named sign, which says who plans it.
create function register.want_approval() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.approval_needed := new.approval_needed or coalesce(new.lines >= register.approval_lines(new.planned_by), false);
  return new;
end $$;
create trigger want_approval before insert on register.replay_job for each row execute function register.want_approval();
create trigger want_approval before insert on register.undo for each row execute function register.want_approval();

-- At the start: what the items hold, which is what is published, and the limit of now.
create function register.check_approval() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  wanted bigint := new.lines;
begin
  if tg_table_name = 'replay_job' then
    select greatest(wanted, coalesce(sum(cardinality(i.records)), 0)) into wanted
    from register.replay_item i where i.job = new.id;
  end if;
  if not new.approval_needed and wanted >= register.approval_lines(new.planned_by) then
    raise exception 'so many lines want approval, which its plan does not know of: plan it again'
      using errcode = 'check_violation', constraint = tg_table_name || '_approved';
  end if;
  return new;
end $$;
-- keep_replay_job leaves no other way to a state in which it is published.
create trigger want_approval_at_start before update on register.replay_job
  for each row when (old.state = 'planned' and new.state in ('running', 'paused', 'published'))
  execute function register.check_approval();
create trigger want_approval_at_start before update on register.undo
  for each row when (old.state = 'planned' and new.state <> 'planned')
  execute function register.check_approval();

-- A job begins as a plan, and what has ended stays so. What the owner puts back is his.
create function register.keep_replay_job() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'INSERT' and pg_has_role(session_user, (select relowner from pg_class where oid = tg_relid), 'member') then
    return new;
  end if;
  raise exception 'a replay begins as a plan, and one that has ended stays as it is'
    using errcode = 'integrity_constraint_violation';
end $$;
create trigger keep_new before insert on register.replay_job
  for each row when (new.state <> 'planned') execute function register.keep_replay_job();
create trigger keep before update on register.replay_job
  for each row when (new.state <> old.state
                     and (new.state = 'planned' or old.state in ('published', 'cancelled', 'expired')))
  execute function register.keep_replay_job();

-- What was planned, and perhaps approved, gets no more items: none of another transaction, whenever that began and whatever it
-- sees, and none of its own once it stands. 0: planned before this migration.
alter table register.replay_job add column planned_in xid8 not null default '0', add unique (id, planned_in);
alter table register.replay_job alter column planned_in set default pg_current_xact_id();
alter table register.replay_item add column planned_in xid8 not null default '0';
alter table register.replay_item alter column planned_in set default pg_current_xact_id(),
  drop constraint replay_item_job_fkey,
  add constraint replay_item_of_plan foreign key (job, planned_in) references register.replay_job (id, planned_in)
    deferrable initially deferred;
update register.role_right
set privilege = 'select, insert (job, position, attempt, reference_version, records, foreseen), update (published_at), delete'
where (role, object) = ('instroom_replay', 'register.replay_item'); -- planned_in is the database's

create function register.close_plan() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from register.replay_job j where j.id = new.job) then
    raise exception 'a plan gets no more items' using errcode = 'check_violation', constraint = 'replay_item_of_plan';
  end if;
  return new;
end $$;
create trigger close_plan before insert on register.replay_item for each row execute function register.close_plan();

grant select on register.approval_limit to instroom_reader;
insert into register.role_right (role, object, privilege)
select role, 'register.approval_limit',
       case when role = 'instroom_access' then 'select, insert (set_by, lines, reason)' else 'select' end
from unnest(array['instroom_look', 'instroom_persons', 'instroom_replay', 'instroom_repair', 'instroom_reference',
                  'instroom_access']) as role;
select register.grant_rights();
