import { didYouMean } from '@bench/core';

/** ISO 3166-1 alpha-2, the officially assigned codes, and Kosovo's. */
const CODES =
  'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL ' +
  'CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU ' +
  'GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC ' +
  'MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT ' +
  'PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA ' +
  'UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW';

/** What people write beside the code and the English name. */
const ALSO: Readonly<Record<string, string>> = {
  uk: 'GB',
  'great britain': 'GB',
  england: 'GB',
  usa: 'US',
  'united states of america': 'US',
  holland: 'NL',
  'the netherlands': 'NL',
  turkey: 'TR',
  'czech republic': 'CZ',
  korea: 'KR',
  uae: 'AE',
};

let byName: Map<string, string> | undefined;

/** Codes by code and by name, all in small letters. */
function known(): Map<string, string> {
  if (byName) return byName;
  const names = new Intl.DisplayNames(['en'], { type: 'region' });
  const codes = CODES.split(' ');
  byName = new Map(codes.flatMap((code) => [[code.toLowerCase(), code] as const, [(names.of(code) ?? code).toLowerCase(), code] as const]));
  for (const [name, code] of Object.entries(ALSO)) byName.set(name, code);
  return byName;
}

/** The ISO 3166 code of a country that is given by its code or its English name; null: there is none. */
export function countryCode(text: string): string | null {
  return known().get(text.trim().toLowerCase()) ?? null;
}

/** What to do about a name that is no country's: the nearest one, where one is near. */
export function countryHint(text: string): string {
  const names = new Intl.DisplayNames(['en'], { type: 'region' });
  const all = CODES.split(' ').map((code) => names.of(code) ?? code);
  // Two letters are near to every code.
  return (text.trim().length > 2 ? didYouMean(text.trim(), all) : null) ?? 'an ISO 3166 code, DE, or the name of a country';
}
