"""What job titles say about the buying role, as data: phrases per role and language.

Rows are read in order and the first that matches decides, so the more telling rows come first: a "Vice
President" is no president, a "Procurement Lead" no lead. Phrases are in plain lower-case letters (ä is a, ø
is o, ß is ss), separated by commas; `*` stands for the rest of a word. Phrases in scripts without spaces
match anywhere in a title.
"""

from __future__ import annotations

from collections.abc import Mapping

TITLES: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "influencer",
        {
            "en": """
                assistant to, executive assistant*, personal assistant*, chief of staff, intern, trainee,
                secretary, advisor, adviser, consultant*, board member, non executive director
            """,
            "de": """
                assisten* der, assisten* des, vorstandsassisten*, assistenz*, berater*, *berater,
                *beraterin, praktikant*, werkstudent*, sekretar*, aufsichtsrat*
            """,
            "fr": "assistant* de, stagiaire, conseiller*, conseillere, secretaire*",
            "es": "asistente de, asistente del, becari*, consultor*, asesor*, secretari*",
            "pt": "assistente de, assistente da, assistente do, estagiari*, assessor*",
            "it": "assistente di, assistente del*, tirocinante, consulente, segretari*",
            "nl": "directieassisten*, directiesecretar*, adviseur*, stagiair*",
            "sv no da": "radgivare, radgiver*, vd assistent*, praktikant*, ledelsessekretar*",
            "pl": "asystent*, doradc*, stazyst*",
            "ja zh": "秘書, コンサルタント, インターン, 助理, 顾问, 秘书",
        },
    ),
    (
        "legal_procurement",
        {
            "en": """
                procurement, purchas*, buyer, sourcing, vendor manage*, legal, counsel, lawyer, attorney,
                compliance, contract manager, contracts manager, contracts, data protection officer, dpo,
                privacy officer
            """,
            "de": """
                *einkauf*, beschaffung*, justiziar*, *jurist*, rechtsanwalt*, rechtsanwaltin,
                rechtsabteilung, recht, datenschutz*, vertragsmanag*
            """,
            "fr": "achat*, acheteu*, juridique*, avocat*, conformite, delegue* a la protection",
            "es": "compras, comprador*, juridic*, legales, abogad*, cumplimiento, contratacion",
            "pt": "suprimentos, aquisicoes, advogad*, conformidade",
            "it": "acquisti, approvvigionament*, legale, legali, avvocat*",
            "nl": "inkoop*, inkoper*, juridisch*, advocaat",
            "sv no da": "inkop*, upphandl*, innkjop*, indkob*, juridisk*, jurist*, advokat*, *jurist",
            "pl": "zakup*, prawn*, radca prawny",
            "ja zh": "調達, 購買, 法務, コンプライアンス, 采购, 法务, 合规",
        },
    ),
    (
        "economic_buyer",
        {
            "en": """
                finance director, director of finance, director finance, head of finance, vp finance, vp of
                finance, vice president finance, vice president of finance, financial controller, finance
                controller, treasurer
            """,
            "de": """
                finanzchef*, finanzvorst*, finanzdirektor*, finanzleit*, leiter* finanzen, leiter* der
                finanzabteilung, kaufmannische* leit*, kaufmannische* geschaftsfuhr*
            """,
            "fr": """
                directeur financier, directrice financiere, directeur administratif et financier, daf, raf
            """,
            "es": "director* financier*",
            "pt": "diretor* financeir*",
            "it": "direttor* finanziar*, direttrice finanziaria",
            "nl": "financieel directeur",
            "sv no da": """
                ekonomichef*, ekonomidirektor*, finansdirektor*, finanschef*, okonomidirektor*,
                okonomichef*, okonomisjef*
            """,
            "pl": "dyrektor* finansow*",
            "ja zh": "財務部長, 最高財務責任者, 财务总监, 首席财务官",
        },
    ),
    (
        "champion",
        {
            "en": """
                vice president*, vp, svp, evp, avp, product owner, process owner, service owner, business
                owner, operations manager, plant manager, country manager, regional manager, branch manager
            """,
            "de": "vizeprasident*, vice prasident*",
            "fr": "vice presidente",
            "es pt it": "vicepresident*",
            "pl": "wiceprezes*",
            "ja zh": "副社長, 副总裁",
        },
    ),
    (
        "economic_buyer",
        {
            "en": """
                ceo, cfo, coo, cro, cmo, cco, cpo, chief executive*, chief financial*, chief finance*, chief
                operating*, chief operations*, chief revenue*, chief commercial*, chief marketing*, chief
                customer*, chief people*, chief product*, chair, chairman, chairwoman, chairperson,
                president, owner, founder, cofounder, managing director, managing partner, general manager,
                executive director
            """,
            "de": """
                geschaftsfuhr*, geschaeftsfuehr*, geschaftsleit*, geschaftsinhaber*, vorstand*, inhaber*,
                grunder*, mitgrunder*, prokurist*, generaldirektor*, prasident*
            """,
            "fr": """
                pdg, dg, presidente, directeur general, directrice generale, gerant*, fondateur*,
                fondatrice, cofondateur*, cofondatrice, proprietaire
            """,
            "es": """
                director general, directora general, consejer* delegad*, gerente general, president*,
                fundador*, propietari*, dueno, duena
            """,
            "pt": """
                diretor geral, diretora geral, diretor* presidente, gerente geral, socio*, socia, dono, dona
            """,
            "it": """
                amministratore delegato, amministratrice delegata, direttore generale, direttrice generale,
                titolare, fondatore, fondatrice, proprietari*
            """,
            "nl": "algemeen directeur, eigenaar, eigenaresse, oprichter*, bestuurder*, bestuursvoorzitter",
            "sv no da": """
                vd, verkstallande direktor*, agare, grundare, administrerende direktor*, adm direktor*,
                daglig leder, konsernsjef, grunnlegger, eier, indehaver, stifter, koncernchef
            """,
            "pl": "prezes*, wlasciciel*, dyrektor generaln*, zalozyciel*",
            "ja zh": "代表取締役, 社長, 最高経営責任者, 総経理, 总经理, 首席执行官, 董事长, 创始人",
        },
    ),
    (
        "technical_evaluator",
        {
            "en": """
                cto, cio, ciso, chief technology*, chief technical*, chief information*, chief security*,
                *architect*, engineer*, developer*, programmer*, sysadmin*, system* administrator*, database
                administrator*, dba, devops, sre, it, information technology, information security,
                security, cybersecurity, infrastructure, technical, technology, software, data scientist*,
                tech lead
            """,
            "de": """
                *architekt*, *ingenieur*, *entwickl*, *informatik*, systemadministrator*, technisch*,
                *technik, edv*, it leit*, *sicherheit
            """,
            "fr": "developpeu*, informatique*, dsi, rssi, technique*, securite, systemes d information",
            "es": "ingenier*, desarrollador*, arquitect*, sistemas, tecnolog*, informatic*, seguridad",
            "pt": "engenheir*, engenharia, desenvolvedor*, arquitet*, ti, seguranca",
            "it": """
                ingegner*, sviluppator*, architett*, sicurezza, sistemist*, amministratore di sistema,
                tecnologi*, direttore tecnico, responsabile tecnico
            """,
            "nl": "ontwikkelaar*, beveiliging*, systeembeheer*, ict, techniek",
            "sv no da": """
                utvecklare, *utvecklare, ingenjor*, *ingenjor, arkitekt*, *arkitekt, utvikler*, *utvikler,
                ingenior*, *ingenior, udvikler*, *udvikler, sikkerhet*, sikkerhed*, sakerhet*, teknisk*,
                teknik*, teknologi*
            """,
            "pl": "inzynier*, programist*, bezpieczenstw*, informatyk*, techniczn*",
            "ja zh": "技術, エンジニア, 情報システム, セキュリティ, 工程师, 技术, 架构师, 信息安全",
        },
    ),
    (
        "influencer",
        {
            "en": "project manager*, programme manager*, program manager*, project coordinator*",
            "de": "projektleit*, projektmanag*, projektkoordinat*",
            "fr": "chef de projet*, cheffe de projet*, charge* de mission",
            "es": "jefe de proyecto*, jefa de proyecto*, gestor* de proyecto*",
            "pt": "gerente de projeto*, gestor* de projeto*",
            "it": "capo progetto, responsabile di progetto",
            "nl": "projectleider*, projectmanager*",
            "sv no da": "projektledare, prosjektleder*, projektleder*",
            "pl": "kierowni* projekt*",
            "ja zh": "プロジェクトマネージャー, 项目经理",
        },
    ),
    (
        "champion",
        {
            "en": "director*, head, lead, chief*, department manager*, senior manager*, general director",
            "de": """
                leiter*, *leiter, *leiterin, leitung, *leitung, direktor*, *direktor, *direktorin,
                bereichs*, abteilungs*
            """,
            "fr": "directeur*, directrice*, responsable*, chef, cheffe, chef* de service",
            "es": "directora*, jefe, jefa, encargad*, gerente*, subdirector*",
            "pt": "diretor*, chefe, lider",
            "it": "direttor*, direttrice, responsabile, capo, dirigente",
            "nl": "directeur, hoofd, afdelingshoofd, teamleider, *leider",
            "sv no da": """
                chef, *chef, *chefen, sjef, *sjef, leder, *leder, direktor, ansvarig, ansvarlig, enhetschef
            """,
            "pl": "kierowni*, dyrektor*",
            "ja zh": "部長, 課長, 本部長, マネージャー, 总监, 主任, 经理",
        },
    ),
    (
        "influencer",
        {
            "en": "manager*, strateg*, assistan*, project*, programme, program, evangelist*, ambassador*",
            "de": "*manager, *managerin, assisten*, *referent*, projekt*, beauftragte*, *beauftragte*",
            "es pt it": "gestor*, gestora*, asisten*, assisten*",
            "nl": "beleidsmedewerker*, assisten*",
            "pl": "menedzer*, manadzer*",
        },
    ),
    (
        "end_user",
        {
            "en": """
                analyst*, specialist*, coordinator*, co ordinator*, administrator*, operator*, planner*,
                dispatcher*, associate*, representative*, executive, user*, clerk*, officer*, technician*,
                agent*, nurse*, teacher*, accountant*, recruiter*, designer*, writer*, editor*, marketer*,
                scientist*, researcher*, supervisor*
            """,
            "de": """
                sachbearbeit*, spezialist*, koordinator*, *koordinator*, disponent*, *disponent*,
                mitarbeit*, fachkraft*, buchhalt*, analyst*, analytiker*
            """,
            "fr": """
                analyste*, charge* de, specialiste*, coordinat*, gestionnaire*, comptable*, employe*,
                technicien*
            """,
            "es": """
                analista*, especialista*, coordinador*, tecnico*, tecnica*, operador*, contable*, operari*
            """,
            "pt": "coordenador*, contador*, auxiliar*",
            "it": """
                impiegat*, addett*, specialista*, coordinator*, operatore*, operatrice, contabile*, tecnic*
            """,
            "nl": "medewerk*, boekhoud*, planner*, specialist*, beheerder*",
            "sv no da": """
                handlaggare, koordinator*, samordnare, saksbehandler*, sagsbehandler*, konsulent*,
                medarbetare, medarbejder*, medarbeider*, analytiker*
            """,
            "pl": "specjalist*, analityk*, koordynator*, ksiegow*",
            "ja zh": "担当, アナリスト, 専門員, 专员, 分析师, 会计",
        },
    ),
)
