# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Commands that PowerShell has on Windows only.

Function Get-Service {
    # The states of services are in services.json below FW_STANDIN.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidOverwritingBuiltInCmdlets', '')]
    [CmdletBinding()]
    Param([string]$Name)
    $text = [System.IO.File]::ReadAllText((Join-Path $env:FW_STANDIN 'services.json'))
    $status = (ConvertFrom-Json -InputObject $text).$Name
    if ($status) { [pscustomobject]@{ Name = $Name; Status = $status } }
    else { Write-Error "Cannot find any service with service name '$Name'." }
}

Function Get-Acl {
    # What icacls made is in acl.json below FW_STANDIN; anything else has the rights of its parent.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidOverwritingBuiltInCmdlets', '')]
    [CmdletBinding()]
    Param([string]$LiteralPath)
    $text = [System.IO.File]::ReadAllText((Join-Path $env:FW_STANDIN 'acl.json'))
    $sddl = (ConvertFrom-Json -InputObject $text).$LiteralPath
    if (-not $sddl) { $sddl = 'O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)' }
    [pscustomobject]@{ Sddl = $sddl }
}

Export-ModuleMember -Function 'Get-Service', 'Get-Acl'
