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
create trigger want_approval_at_start before update on register.replay_job
  for each row when (old.state = 'planned' and new.state in ('running', 'paused', 'published'))
  execute function register.check_approval();
create trigger want_approval_at_start before update on register.undo
  for each row when (old.state = 'planned' and new.state <> 'planned')
  execute function register.check_approval();

-- What was planned, and perhaps approved, gets no more items.
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
