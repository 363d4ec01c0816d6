import time, cProfile, pstats, psycopg, collections
from sqlalchemy import event
from sqlalchemy.engine import Engine
from caseflow.people.actions.register import import_rows
from caseflow.people.register.mapping import Mapping, shipped
from caseflow.people.register.reading import open_table
T=collections.defaultdict(lambda:[0,0.0])
@event.listens_for(Engine,"before_cursor_execute")
def b(conn,cur,st,pa,ctx,many): conn.info["t"]=time.time()
@event.listens_for(Engine,"after_cursor_execute")
def a(conn,cur,st,pa,ctx,many):
    k=st[:60]; T[k][0]+=1; T[k][1]+=time.time()-conn.info["t"]
def test_x(cast, environment):
    org = cast.organisation("almaty")
    m=Mapping.load(shipped()["iowa"]); P="/work/shared/data/iowa-releases-2010-2015.csv"; t=open_table(P)
    with psycopg.connect(environment["OWNER_DATABASE_URL"]) as c:
        rows=[r.raw for r in t.rows()]
        c.execute("create table plain (n int primary key, "+", ".join(f"c{i} text" for i in range(len(rows[0])))+")")
        c.commit()
        for k in range(2):
            t0=time.time()
            with c.cursor().copy("copy plain from stdin") as cp:
                for i,r in enumerate(rows): cp.write_row((i+k*100000,)+tuple(r))
            c.commit()
            print("COPY", time.time()-t0)
    T.clear()
    pr=cProfile.Profile()
    with cast.app.app_context():
        t0=time.time(); c0=time.process_time()
        print(import_rows(t,m,org_id=org)); print("IMPORT", time.time()-t0, "cpu", time.process_time()-c0)
        for k,v in sorted(T.items(), key=lambda x:-x[1][1])[:12]: print(round(v[1],3), v[0], k.replace("\n"," "))
    assert 0
