"""Where every number of the clinical layer comes from, and how sure we are of it.

A `Sourced` value carries its unit, tag, source ids and rule id to the screen; this module must not know any
number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Tag(StrEnum):
    """How sure a value is. Only V may be shown as verified."""

    VERIFIED = "V"
    MEMORY = "M"
    UNCERTAIN = "U"
    POLICY = "P"

    @property
    def label(self) -> str:
        """The words a screen shows beside the value."""
        return _TAG_LABELS[self]


_TAG_LABELS = {
    Tag.VERIFIED: "verified in a copy of the source",
    Tag.MEMORY: "not yet checked against the document",
    Tag.UNCERTAIN: "unverified",
    Tag.POLICY: "local policy",
}


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T_co]):
    """One constant with its pedigree: value, unit, tag, source ids (keys of SOURCES), rule id and a remark.

    Raises ValueError for an unknown source or a verified value without a source.
    """

    value: T_co
    unit: str
    tag: Tag
    sources: tuple[str, ...] = ()
    rule: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        unknown = [source for source in self.sources if source not in SOURCES]
        if unknown:
            raise ValueError(f"Unknown source {', '.join(unknown)}.")
        if self.tag is Tag.VERIFIED and not self.sources:
            raise ValueError("A verified value names its source.")

    @property
    def citation(self) -> str:
        """The sources in words and the tag, e.g. "Gablofen US label (local policy)"."""
        named = "; ".join(SOURCES[source] for source in self.sources)
        return f"{named} ({self.tag.label})" if named else self.tag.label

    @property
    def bracket(self) -> str:
        """Tag and source ids as texts carry them: "[V:S4,S14]", "[P]"."""
        return f"[{self.tag}:{','.join(self.sources)}]" if self.sources else f"[{self.tag}]"


SOURCES: dict[str, str] = {
    "S1": "Lioresal label openings: epgonline.org/global/drugs/lioresal; lioresal.com/hcp",
    "S2": "Gablofen label: medlibrary.org/lib/rx/meds/gablofen; epgonline.org/global/drugs/gablofen",
    "S3": "empr.com/gablofen/drug/3769",
    "S4": "Skyscape PocketNurse baclofen (download.skyscape.com ... tc256.htm)",
    "S5": "drugs.com/dosage/baclofen.html",
    "S6": "clustermed.info baclofen injection (label text)",
    "S6b": "minclinic.eu drug page",
    "S7": "lioresal.com/hcp/screening-trial; studylib.net/doc/9691848",
    "S7b": "lioresal.com/hcp/screening-trial, its 97 and 94 % figures",
    "S8": "Saulino 2016 Patient Selection, Neuromodulation 19:607 (pubmed 27434197)",
    "S9": "Boster 2016 Screening Test, doi 10.1111/ner.12437",
    "S10": "CMSC 2015 Paper3442",
    "S11": "CMSC 2015 Paper3439",
    "S12": "hcplive and multiplesclerosisnewstoday, Prometra II Feb 2020",
    "S13": "flowonix.com brief statements (Nov 2019, Mar 2022, Aug 2024)",
    "S14": "Boster 2016 Dosing and Long-term Management, Neuromodulation 19:623 (pubmed 27433993)",
    "S15": "CMSC 2015 Paper3434",
    "S16": "rxlist.com Gablofen warnings",
    "S17": "fpnotebook.com BclfnWthdrwl",
    "S18": "pill2trip Gabalon 0.005% overdose text",
    "S19": "Delhaas & Brouwer 1991 (acemap 164881186)",
    "S20": "Creamer 2018 SISTERS, JNNP 89:642 (pubmed 29326296)",
    "S21": "English NHS access criteria (studyres.com/doc/9943387)",
    "S22": "J Child Orthop 2019;13:529 (PMC6808077)",
    "S23": "Motta & Antonello 2014 (metajournal 181012)",
    "S24": "Austrian 11-year series 2018 (Brain Behav e00965)",
    "S25": "Nuru 2022 World Neurosurg meta-analysis",
    "S26": "TriNetX abstract 355 (discovery.researcher.life)",
    "S27": "Schiess 2020 PSR, doi 10.1111/ner.13097",
    "S28": "continuous trial series (readbyqxmd 25828204)",
    "S29": "Surg Pract 2018;22:105 (bvsalud mdl-30147745)",
    "S30": "Heetla 2009 Spinal Cord 47:751 (pubmed 19333246)",
    "S31": "stability study PMID 38043050",
    "S32": "Neurosurgery 2004;55:390 (pubmed 15271246)",
    "S33": "Duke MarketScan (scholars.duke.edu pub1569378)",
    "S34": "aneskey.com perioperative infection control",
    "S35": "UKCPA periop handbook, baclofen",
    "S36": "Narouze 2018 RAPM 43:225, lww.com; ASRA news 27 Aug 2019",
    "S37": "imedi.co.uk baclofen SmPC",
    "S38": "lioresal.com ampules page",
    "S39": "api.fda.gov NDC records 25021-679, 72888-146, 70511-121, 66794-151/157, 70121-2504",
    "S40": "medscape 776694, FDA motor-stall recall Dec 2012",
    "S41": "Prometra MRI sheet PL-21604-02, dokumen.tips",
    "S42": "pubmed 23057877",
    "S43": "Wesemann 2014 PMC4218763",
    "S44": "Prometra PTC guide (manualshive 2308327 p5)",
    "S45": "medtronic.com UK drug-pumps-replacement and patients/severe-spasticity/getting-a-replacement",
    "S45b": "medtronic.com pump-management page",
    "S46": "medtronic UK synchromed-ii-pump",
    "S47": "medtronic UK safety-cautions",
    "S48": "news.medtronic.com 10 Oct 2023",
    "S49": "manualshive flowonix 13827 p14",
    "S50": "medicaldesignandoutsourcing MedStream",
    "S51": "medtronic.com patients product-advisories July 2011",
    "S51b": "VA AL09-24 dokumen.tips",
    "S52": "gillettechildrens.org ITB discharge information",
    "S53": "uconnect.wisc.edu pump refills",
    "S54": "manualshive 13827 p33",
    "S55": "professional.medtronic.com products",
    "S56": "FDA MedSun #86 and 2013 recall notices",
    "S57": "ASRA Fall 2017 e-poster (epostersonline node 1139)",
    "S58": "Maino 2017 Neuromodulation 20:733",
    "S59": "78stepshealth.us programmable pump (pain text)",
    "S60": "Chen 2019 (peeref 19646177; discovery.researcher.life)",
    "S61": "NINDS CDE F1765",
    "S62": "Farrar 2008 Clin Ther 30:974",
    "S63": "Turner-Stokes GAS guide",
    "S64": "BMC Neurology 2024 (s12883-024-03647-7)",
    "S65": "gillettechildrens.org baclofen-pump-surgery, rehabilitation and replacement pages",
    "S66": "medtronic.com your-responsibilities",
    "S67": "Imerci, J Pediatr Orthop 2019 CSF-leak paper (ouci.dntb.gov.ua 4yVYVDAl)",
    "S68": "southshoreneurologic.com refill",
    "S68b": "MCW Ascenda 2021 (pubmed 33974333)",
    "S69": "Delhaas 2017 PMC5621993",
    "S70": "studyres 8715294 Saulino troubleshooting slides",
    "S71": "tga.gov.au SynchroMed II MRI",
    "S72": "professional.medtronic.com MRI guidelines",
    "S73": "Medtronic ITB emergency card 2002, issuu",
    "S74": "neurosurgerywiki ITB withdrawal",
    "S75": "Dvorak 2010",
    "S76": "cp.neurology.org letter Ordia",
    "S77": "Saulino 2016 Troubleshooting (metajournal 708421)",
    "S78": "Meythaler 2003 (issuu)",
    "S79": "Ross 2011 (docslib 10702624)",
    "S79b": "Watve 2012 Spinal Cord 50:107 (metajournal 344115)",
    "S80": "Baclosan text, pill2trip",
    "S81": "scilit: physostigmine failure, NEJM letter",
    "S82": "maryfreebed.com emergency procedures",
    "S83": "pubmed 32204996",
    "S84": "medtronic.com UK ITB study highlights",
    "S85": "Saulino 2014 cost",
    "S86": "Slovenia 20 y (ouci 4a5yQEa4)",
    "S87": "Borrini 2014 (pubmed 24407102)",
    "S88": "Clin Neurol Neurosurg 2002;104:142 (79 patients, mean 34 months)",
    "S89": "Stetkarova 2015 Pain Physician 18:E",
    "S90": "PMC7687224 Table 1",
    "S91": "J Spinal Cord Med 2023 (pubmed 37982808)",
    "S92": "pubmed 22151522",
    "S93": "Mathur 2014",
    "S94": "Child's Nerv Syst delayed referral (exaly 61838276)",
    "S95": "Pain Pract 2014 SCS waits, pubmed 24165268",
    "S96": "ICD-10-CM order and tabular files, January 2021",
    "S97": "legalclarity.org, hccbuddy.com",
    "S98": "iframe.ai, case2code, anesthesiabilling.org",
    "S99": "public lists of ATC codes, baclofen",
    "S100": "dosing by diagnosis, PMID 26517855",
    "S101": "baclofen.info follow-up page",
    "LIO": "Lioresal Intrathecal US label",
    "GAB": "Gablofen US label",
    "SM2": "SynchroMed II (8637) implant manual",
    "SMPC": "UK SmPC, baclofen intrathecal, section 4.2",
    "ASHP": "ASHP/IDSA 2013 surgical antibiotic prophylaxis guideline",
    "ASA": "ASA House of Delegates, physical status classification, amended 2020",
    "PACC": "PACC/NACC infection guidance",
    "COWS": "Wesson & Ling 2003, Clinical Opiate Withdrawal Scale",
    "FARRAR01": "Farrar 2001, pain NRS",
    "BENINATO": "Beninato 2006, FIM in stroke",
    "KIRESUK": "Kiresuk & Sherman 1968, goal attainment scaling",
    "SITE": "The document that the clinic states beside the number, usually its pump's manual",
    "MAS": "Modified Ashworth scale, original publications",
}
