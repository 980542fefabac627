import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { Challenge } from '../api/error';
import { chat } from '../chat/store';
import './account.css';
import { useAccountApi } from './AccountContext';
import { useAct } from './act';
import type { TokenSet } from './api';
import { DoorPage } from './Doors';
import { Problem } from './Form';
import { takeReturn } from './issuers';
import { SecondStep } from './SecondStep';
import { Loading } from './Settings';
import { useTexts } from './texts';

/** Where another service sends the browser back to: finishes the sign-in, or says why not. */
export default function Issued({ issuer }: { issuer: string }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const api = useAccountApi();
  const act = useAct();
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const begun = useRef(false);
  const { attempt, refuse } = act;

  const enter = (tokens: TokenSet) => {
    navigate('/', { replace: true });
    chat.getState().enter(tokens);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what came back is good once
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    const returned = takeReturn();
    if (!returned) {
      refuse('not_confirmed_there');
      return;
    }
    const { flow, state, code } = returned;
    void attempt(() => api.finishIssuer(issuer, flow, state, code)).then(({ value, refusal }) => {
      if (value) enter(value);
      else if (refusal?.challenge) setChallenge(refusal.challenge);
    });
  }, []);

  const leave = () => navigate('/', { replace: true });
  if (challenge) return <SecondStep challenge={challenge} onIn={enter} onBack={leave} />;
  return (
    <DoorPage small title={t('in.go')}>
      {act.refusal ? (
        <div className="stack">
          <Problem act={act} wording={{ not_confirmed_there: 'in.notConfirmed' }} />
          <button type="button" className="btn" onClick={leave}>
            {t('in.back')}
          </button>
        </div>
      ) : (
        <Loading />
      )}
    </DoorPage>
  );
}
