-- Problems that boards reported, and the mails of them, go some time after they were closed (retention.problem.months): a board's
-- own words may be about persons. One that is open stays: somebody still has to answer.

create function register.is_problem_due(closed timestamptz, last_day int) returns boolean language sql stable as $$
  select closed < (to_date(last_day::text, 'YYYYMMDD') + 1)::timestamp at time zone 'Europe/Amsterdam'
$$;
grant execute on function register.is_problem_due(timestamptz, int) to instroom_reader, instroom_writer;

-- As 0020 had it, and problems, whose months are the sixth: who gives five asks nothing of them.
alter function register.retention_due(int[]) rename to retention_due_of_persons;
create function register.retention_due(months int[]) returns table (what text, until int, rows bigint, boards bigint)
language sql stable as $$
  select * from register.retention_due_of_persons(months[1:5])
  union all
  select 'problem', t.until, count(p.id), count(distinct p.board)
  from (select register.retention_day(months[6]) as until where months[6] > 0) t
  left join register.problem p on register.is_problem_due(p.closed_at, t.until) group by t.until
$$;
grant execute on function register.retention_due(int[]) to instroom_reader, instroom_writer;

-- So many of those that are due by this row of removal, with their mails.
create function register.remove_problems(of_removal bigint, most int) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  due bigint[];
begin
  select coalesce(array_agg(d.id), '{}') into due from (
    select p.id from register.problem p join register.removal r on r.id = of_removal
    where register.is_problem_due(p.closed_at, r.until) order by p.id limit most for update of p) d;
  delete from register.problem_mail m where m.problem = any(due);
  delete from register.problem p where p.id = any(due);
  update register.removal r set rows = r.rows + cardinality(due) where r.id = of_removal;
  return cardinality(due);
end $$;
revoke all on function register.remove_problems(bigint, int) from public;
