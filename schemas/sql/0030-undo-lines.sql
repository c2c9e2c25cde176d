-- How many lines an undo has was its program's word, and so whether another person has to approve it. What a delivery changed, and
-- what becomes of each teacher if it is undone, stands here now, for the program too; the database counts.

-- Of the delivery at this position. The places of the log where it had an effect: its own, its replays', its confirmation's. A
-- teacher's first of them says what he was before. Later is who was delivered again, and who lapsed and whom a newer VOLLEDIG does
-- not name either: by volgnummers; behind a set-back (specification 7.6), which lowers them, by the deliveries since that did not
-- undo this one, by any of them if its list has keys of before a rotation. What a replay brought stands in the log where it was
-- delivered. was_content null: an INTREKKING emptied it, and the delivery at was_since has it; those come last, by was_since.
create function register.undo_effect(of_position bigint, takes_later boolean)
returns table (bsn text, fate text, was_content text, was_since bigint, lines bigint)
language sql stable as $$
  with d as (
    select x.board, x.position, x.delivery_id, register.sequence_at(x.board, x.position, x.sequence, 9223372036854775807) as sequence
    from register.delivery x where x.position = of_position
  ), places as materialized (
    select position from d
    union select r.replay_position from register.replay_change r join d on r.position = d.position
    union select c.position from register.confirmation c join d on c.board = d.board and c.delivery_id = d.delivery_id
      where c.executed
  ), effects as (
    select key, min(at) as at from (
      select t.key, t.since as at from register.teacher t join d on d.board = t.board
        where t.since in (select position from places)
      union all select h.key, h.since from register.teacher_history h join d on d.board = h.board
        where h.since in (select position from places)
      union all select h.key, h.until from register.teacher_history h join d on d.board = h.board
        where h.until in (select position from places)) x
    group by key
  ), later as materialized (
    select x.position, x.board, x.kind, x.state, x.key_list
    from d join register.delivery x on x.board = d.board and x.position > d.position and not x.dry_run
    where exists (select from register.set_back s where s.board = d.board and s.executed and s.position > d.position)
      and not exists (select from register.admission a where a.position = x.position and a.basis = 'beheer'
        and a.sender = 'ongedaan-gemaakt:' || d.delivery_id)
  ), named as materialized (
    select distinct encode(substring(l.keys from 16 * i + 1 for 16), 'hex')::uuid as key
    from (select distinct board, key_list from later) x join register.key_list l on l.board = x.board and l.digest = x.key_list
    cross join lateral generate_series(0, length(l.keys) / 16 - 1) i
  ), found as (
    select e.key, l.bsn, l.status, l.since not in (select position from places) as is_changed,
      l.volgnummer > d.sequence or e.key in (select key from named)
        or exists (select from later x join register.key_rotation k on x.position >= k.from_position and x.position < k.below)
        or (l.status = 'VERVALLEN' and (b.sequence_full > d.sequence or exists (select from later where kind = 1 and state <> 2)))
        as is_later,
      h.status as was, h.content, coalesce(r.position, h.since) as since,
      l.status = 'ACTIEF' and l.content is not distinct from h.content as is_same
    from effects e cross join d join register.board b on b.board = d.board
    left join register.leraar l on l.board = d.board and l.key = e.key
    left join register.teacher_history h on h.board = d.board and h.key = e.key and h.until = e.at
    left join lateral (select c.position from register.replay_change c where c.replay_position = h.since limit 1) r on true
  ), judged as (
    select f.*, case when f.status is null then 'removed_since'
      when not takes_later and f.is_changed then 'changed_since'
      when not takes_later and f.is_later then 'delivered_since'
      when f.was = 1 then case when f.is_same then 'as_before' else 'restored' end
      when f.status <> 'ACTIEF' then 'as_before'
      when f.was = 3 then 'was_lapsed'
      else 'withdrawn' end as fate
    from found f
  )
  select j.bsn, j.fate, j.content, j.since,
    case j.fate when 'restored' then -- one for each appointment; of what the log alone has, at least one
        case when j.content is null then 1 else length(j.content) - length(replace(j.content, E'\x1e', '')) end
      when 'withdrawn' then 1 else 0 end::bigint
  from judged j order by case when j.was = 1 and j.content is null then j.since else 0 end, j.key
$$;

-- Of what the log alone has each teacher counts once here: the program, which has read it, may say more, and never less.
create function register.undo_lines(of_position bigint, takes_later boolean) returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(sum(e.lines), 0)::bigint from register.undo_effect(of_position, takes_later) e
$$;

-- With the owner's rights: what teachers were is read for whoever plans. Behind the trigger named sign, which says who that is.
create function register.count_undo() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  new.lines := greatest(new.lines, register.undo_lines(new.position, new.takes_later));
  return new;
end $$;
create trigger sign_lines before insert on register.undo for each row execute function register.count_undo();
-- The register may be another than when it was planned.
create function register.check_undo() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not new.approval_needed
     and greatest(new.lines, register.undo_lines(new.position, new.takes_later)) >= register.approval_lines(new.planned_by) then
    raise exception 'so many lines want approval, which its plan does not know of: plan it again'
      using errcode = 'check_violation', constraint = 'undo_approved';
  end if;
  return new;
end $$;
drop trigger want_approval_at_start on register.undo;
create trigger want_approval_at_start before update on register.undo
  for each row when (old.state = 'planned' and new.state <> 'planned') execute function register.check_undo();
revoke all on function register.count_undo(), register.check_undo() from public;
